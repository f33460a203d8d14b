using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sidecar.Components.Kafka;

/// <summary>
/// Publish metadata and the headers of a record: each entry is a header of its name, except those left out by
/// <c>excludeHeaderMetaRegex</c>; with a delivery come also the record's own place, time and key.
/// </summary>
internal sealed class KafkaHeaders(Regex? excluded, bool escape)
{
    public const string Key = "__key";
    public const string Offset = "__offset";
    public const string Topic = "__topic";
    public const string Timestamp = "__timestamp";
    public const string Partition = "__partition";

    /// <summary>Whether an entry of that name travels as a header.</summary>
    public bool Includes(string name) => excluded is null || !excluded.IsMatch(name);

    /// <summary>The key of a record: what its publisher names, else none.</summary>
    public static string? KeyOf(IReadOnlyDictionary<string, string> metadata) =>
        metadata.GetValueOrDefault("partitionKey") is { Length: > 0 } partitionKey ? partitionKey
        : metadata.GetValueOrDefault(Key) is { Length: > 0 } key ? key
        : null;

    /// <summary>The partition that its publisher names; null = by the key.</summary>
    /// <exception cref="ComponentException">Not a number of a partition.</exception>
    public static int? PartitionOf(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.GetValueOrDefault("partitionNumber") is not { Length: > 0 } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            ? partition
            : throw new ComponentException($"publish metadata 'partitionNumber' is '{text}', expected the number of a partition, from 0");
    }

    /// <summary>Adds a header to the metadata of a delivery.</summary>
    public void Add(Dictionary<string, string> metadata, string name, ReadOnlySpan<byte> value)
    {
        if (Includes(name))
            metadata[name] = Text(value);
    }

    public static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    public string Text(ReadOnlySpan<byte> value)
    {
        var text = Encoding.UTF8.GetString(value);

        // As in a form, where a space is a plus.
        return escape ? Uri.EscapeDataString(text).Replace("%20", "+", StringComparison.Ordinal) : text;
    }
}
