using System.Collections.ObjectModel;
using System.Globalization;
using System.Text.Json;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Redis;

/// <summary>
/// An entry of a stream: <c>data</c> = the payload, and <c>metadata</c> = a JSON object of texts, where there is metadata.
/// </summary>
/// <param name="Id"><c>milliseconds-sequence</c>.</param>
/// <param name="ReadAt">Timestamp of when this consumer got it; the server counts its idle time from about then.</param>
internal sealed record RedisStreamEntry(string Id, PubSubMessage Message, long ReadAt)
{
    /// <summary>What XADD is given behind the name of the stream and its limits.</summary>
    public static IEnumerable<RedisArgument> Fields(PubSubMessage message)
    {
        yield return "*";
        yield return "data";
        yield return message.Data;
        if (message.Metadata.Count == 0)
            yield break;
        yield return "metadata";
        yield return new ReadOnlyMemory<byte>(JsonSerializer.SerializeToUtf8Bytes(message.Metadata));
    }

    /// <summary>Entries of a reply <c>[[id, [field, value, …]], …]</c>; those that were deleted meanwhile have no fields and are left out.</summary>
    public static IEnumerable<RedisStreamEntry> Read(IReadOnlyList<RespReply> entries, string topic, long readAt)
    {
        foreach (var entry in entries)
        {
            if (entry.List is [var id, { Kind: RespKind.Items } fields])
                yield return new RedisStreamEntry(id.Text, ToMessage(topic, fields.List), readAt);
        }
    }

    /// <summary>The smallest id above.</summary>
    public static string After(string id)
    {
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        return $"{id.AsSpan(0, dash)}-{(ulong.Parse(id.AsSpan(dash + 1), CultureInfo.InvariantCulture) + 1).ToString(CultureInfo.InvariantCulture)}";
    }

    private static PubSubMessage ToMessage(string topic, IReadOnlyList<RespReply> fields)
    {
        ReadOnlyMemory<byte> data = default;
        IReadOnlyDictionary<string, string> metadata = ReadOnlyDictionary<string, string>.Empty;
        for (var index = 0; index + 1 < fields.Count; index += 2)
        {
            switch (fields[index].Text)
            {
                case "data":
                    data = fields[index + 1].Bytes;
                    break;
                case "metadata":
                    metadata = Metadata(fields[index + 1].Bytes);
                    break;
            }
        }

        return new PubSubMessage(topic, data, null, metadata);
    }

    /// <summary>What is no object of texts counts as no metadata: the payload is what matters.</summary>
    private static IReadOnlyDictionary<string, string> Metadata(byte[]? json)
    {
        try
        {
            return JsonSerializer.Deserialize<Dictionary<string, string>>(json) ?? [];
        }
        catch (JsonException)
        {
            return ReadOnlyDictionary<string, string>.Empty;
        }
    }
}
