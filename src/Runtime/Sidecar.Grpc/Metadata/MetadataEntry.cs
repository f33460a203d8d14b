using System.Buffers;

namespace Sidecar.Grpc;

/// <summary>A key with a text, or, if it ends in <c>-bin</c>, with bytes.</summary>
public readonly record struct MetadataEntry
{
    private static readonly SearchValues<char> KeyCharacters = SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyz_-.");

    /// <param name="key">Letters, digits, <c>_</c>, <c>-</c> and <c>.</c>; it is put in lower case.</param>
    /// <param name="value">Printable ASCII.</param>
    /// <exception cref="ArgumentException">The key or the value is none that can be sent.</exception>
    public MetadataEntry(string key, string value)
        : this(Checked(key, isBinary: false), value, null)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            throw new ArgumentException($"metadata '{Key}' has a value with a character that is not printable ASCII; a key that ends in -bin may have any bytes", nameof(value));
    }

    /// <param name="key">As for a text, and it ends in <c>-bin</c>.</param>
    /// <param name="value">Any bytes.</param>
    /// <exception cref="ArgumentException">The key is none that can be sent.</exception>
    public MetadataEntry(string key, byte[] value)
        : this(Checked(key, isBinary: true), null, value)
    {
        ArgumentNullException.ThrowIfNull(value);
    }

    private MetadataEntry(string key, string? value, byte[]? bytes) => (Key, Value, Bytes) = (key, value, bytes);

    public string Key { get; }

    /// <summary>The text; null for a binary key.</summary>
    public string? Value { get; }

    /// <summary>The bytes; null for a text.</summary>
    public byte[]? Bytes { get; }

    public bool IsBinary => Bytes is not null;

    /// <summary>The value as a header carries it.</summary>
    internal string HeaderValue => Value ?? BinaryHeader.Encode(Bytes);

    internal static MetadataEntry Received(string key, string value) => new(key, value, null);

    internal static MetadataEntry Received(string key, byte[] value) => new(key, null, value);

    private static string Checked(string key, bool isBinary)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        key = key.ToLowerInvariant();
        if (key.AsSpan().ContainsAnyExcept(KeyCharacters))
            throw new ArgumentException($"metadata key '{key}' has a character other than letters, digits, '_', '-' and '.'", nameof(key));
        if (ReservedKeys.Contains(key))
            throw new ArgumentException($"'{key}' is no metadata: gRPC or HTTP/2 uses it", nameof(key));
        if (BinaryHeader.IsBinary(key) != isBinary)
            throw new ArgumentException($"metadata key '{key}' {(isBinary ? "has bytes, so it must end in -bin" : "ends in -bin, so it must have bytes")}", nameof(key));
        return key;
    }
}
