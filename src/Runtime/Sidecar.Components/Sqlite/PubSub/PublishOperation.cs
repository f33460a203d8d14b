using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>Appends messages to their topics: all of them or none. The result is how many.</summary>
internal sealed class PublishOperation : SqliteOperation<int>
{
    private const string Sql =
        "INSERT INTO pubsub_messages(topic, published_at, expires_at, content_type, metadata, data) VALUES ($1, $2, $3, $4, $5, $6)";

    private readonly Row[] _rows;
    private readonly long _published;

    public PublishOperation(IReadOnlyList<PubSubMessage> messages, DateTimeOffset now)
    {
        // Put into the form of the table on the caller's thread.
        _published = now.ToUnixTimeMilliseconds();
        _rows = new Row[messages.Count];
        for (var index = 0; index < _rows.Length; index++)
            _rows[index] = RowOf(messages[index]);
    }

    public override bool NeedsSavepoint => _rows.Length > 1;

    protected override int Execute(SqliteSession session)
    {
        foreach (var row in _rows)
            session.Execute(Sql, row.Topic, _published, row.Expires, row.ContentType, row.Metadata, row.Data);
        return _rows.Length;
    }

    private Row RowOf(PubSubMessage message) => new(
        message.Topic,
        message.TimeToLive is { } ttl && ttl > TimeSpan.Zero ? _published + (long)ttl.TotalMilliseconds : null,
        message.ContentType,
        message.Metadata.Count == 0 ? null : JsonSerializer.Serialize(message.Metadata, MessageMetadata.Default.IReadOnlyDictionaryStringString),
        Bytes(message.Data));

    private static byte[] Bytes(ReadOnlyMemory<byte> data) =>
        MemoryMarshal.TryGetArray(data, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : data.ToArray();

    private readonly record struct Row(string Topic, long? Expires, string? ContentType, string? Metadata, byte[] Data);
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class MessageMetadata : JsonSerializerContext;
