using System.Collections;
using System.Runtime.CompilerServices;

namespace Sidecar.Grpc;

/// <summary>
/// Headers or trailers of a call: in order, and a key may come again. Keys are lower case; one that ends in <c>-bin</c> has
/// bytes, any other has printable ASCII. What gRPC or HTTP says for itself (<c>grpc-status</c>, <c>content-type</c>, <c>:path</c>)
/// is no metadata. Specification: PROTOCOL-HTTP2, "Custom-Metadata".
/// </summary>
[CollectionBuilder(typeof(Metadata), nameof(Create))]
public sealed class Metadata : IReadOnlyList<MetadataEntry>
{
    private readonly List<MetadataEntry> _entries = [];

    public int Count => _entries.Count;

    public MetadataEntry this[int index] => _entries[index];

    public static Metadata Create(ReadOnlySpan<MetadataEntry> entries)
    {
        var metadata = new Metadata();
        metadata._entries.AddRange(entries);
        return metadata;
    }

    /// <summary>True for what cannot be metadata, because gRPC or HTTP/2 use it themselves. Keys in lower case.</summary>
    public static bool IsReserved(string key) => ReservedKeys.Contains(key);

    /// <summary>Adds a text.</summary>
    /// <exception cref="ArgumentException">The key or the value is none that can be sent.</exception>
    public void Add(string key, string value) => _entries.Add(new MetadataEntry(key, value));

    /// <summary>Adds bytes; the key ends in <c>-bin</c>.</summary>
    /// <inheritdoc cref="Add(string, string)"/>
    public void Add(string key, byte[] value) => _entries.Add(new MetadataEntry(key, value));

    public void Add(MetadataEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry.Key);
        _entries.Add(entry);
    }

    /// <summary>The last text of the key, as gRPC prefers, or null.</summary>
    public string? Get(string key) => Find(key)?.Value;

    /// <summary>The last bytes of the key, which ends in <c>-bin</c>, or null.</summary>
    public byte[]? GetBytes(string key) => Find(key)?.Bytes;

    public IEnumerable<MetadataEntry> GetAll(string key) =>
        _entries.Where(entry => entry.Key.Equals(key, StringComparison.OrdinalIgnoreCase));

    public IEnumerator<MetadataEntry> GetEnumerator() => _entries.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Takes what came as a header. What is no metadata is passed over, and so are values that cannot be read: a neighbour's
    /// odd header must not fail the call. Several binary values may have been joined by commas on the way.
    /// </summary>
    internal void AddReceived(string key, string value)
    {
        // Header names come in the case that HTTP/2 wants, but for those that an HTTP library knows by another.
        key = key.ToLowerInvariant();
        if (key.StartsWith(':') || ReservedKeys.Contains(key))
            return;
        if (!BinaryHeader.IsBinary(key))
        {
            _entries.Add(MetadataEntry.Received(key, value));
            return;
        }

        foreach (var part in value.AsSpan().Split(','))
        {
            if (BinaryHeader.TryDecode(value.AsSpan(part), out var bytes))
                _entries.Add(MetadataEntry.Received(key, bytes));
        }
    }

    private MetadataEntry? Find(string key)
    {
        for (var at = _entries.Count - 1; at >= 0; at--)
        {
            if (_entries[at].Key.Equals(key, StringComparison.OrdinalIgnoreCase))
                return _entries[at];
        }

        return null;
    }
}
