using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>Appends a message to its topic; the result is its id.</summary>
internal sealed class PublishOperation(PubSubMessage message, DateTimeOffset now) : SqliteOperation<long>
{
    private const string Sql =
        "INSERT INTO pubsub_messages(topic, published_at, expires_at, content_type, metadata, data) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";

    // Put into the form of the table on the caller's thread.
    private readonly byte[] _data = Bytes(message.Data);
    private readonly string? _metadata = message.Metadata.Count == 0
        ? null
        : JsonSerializer.Serialize(message.Metadata, MessageMetadata.Default.IReadOnlyDictionaryStringString);

    protected override long Execute(SqliteSession session)
    {
        var published = now.ToUnixTimeMilliseconds();
        object? expires = message.TimeToLive is { } ttl && ttl > TimeSpan.Zero ? published + (long)ttl.TotalMilliseconds : null;
        return (long)session.Scalar(Sql, message.Topic, published, expires, message.ContentType, _metadata, _data)!;
    }

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : data.ToArray();
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class MessageMetadata : JsonSerializerContext;
