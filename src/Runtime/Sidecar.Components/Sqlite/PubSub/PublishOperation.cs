using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>Appends messages to their topics: all of them or none. The result is how many.</summary>
internal sealed class PublishOperation : SqliteOperation<int>
{
    private const string Sql =
        "INSERT INTO pubsub_messages(topic, published_at, expires_at, content_type, metadata, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

    private readonly Row[] _rows;
    private readonly long _published;

    public PublishOperation(IReadOnlyList<PubSubMessage> messages, DateTimeOffset now)
    {
        // Put into the form of the table on the caller's thread, who does not touch the data before the commit.
        _published = now.ToUnixTimeMilliseconds();
        _rows = new Row[messages.Count];
        for (var index = 0; index < _rows.Length; index++)
            _rows[index] = RowOf(messages[index]);
    }

    public override bool NeedsSavepoint => _rows.Length > 1;

    protected override int Execute(SqliteSession session)
    {
        var insert = session.Prepare(Sql);
        foreach (var row in _rows)
        {
            insert.Bind(1, row.Topic);
            insert.Bind(2, _published);
            insert.Bind(3, row.Expires);
            insert.Bind(4, row.ContentType);
            insert.Bind(5, row.Metadata);
            insert.Bind(6, row.Data.Span);
            insert.Run();
        }

        return _rows.Length;
    }

    private Row RowOf(PubSubMessage message) => new(
        message.Topic,
        message.TimeToLive is { } ttl && ttl > TimeSpan.Zero ? _published + (long)ttl.TotalMilliseconds : null,
        message.ContentType,
        message.Metadata.Count == 0 ? null : JsonSerializer.Serialize(message.Metadata, MessageMetadata.Default.IReadOnlyDictionaryStringString),
        message.Data);

    private readonly record struct Row(string Topic, long? Expires, string? ContentType, string? Metadata, ReadOnlyMemory<byte> Data);
}

[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(Dictionary<string, string>))]
internal sealed partial class MessageMetadata : JsonSerializerContext;
