using System.Text.Json.Serialization;

namespace Dapr.AspNetCore;

/// <summary>Many events of a topic in one delivery.</summary>
/// <typeparam name="TValue">
/// An event: <see cref="BulkMessageModel{TValue}"/> for CloudEvents, <see cref="string"/> with base64 for raw payloads.
/// </typeparam>
public class BulkSubscribeMessage<TValue>
{
    /// <summary>An empty delivery.</summary>
    public BulkSubscribeMessage()
        : this([], "", [])
    {
    }

    /// <summary>A delivery.</summary>
    public BulkSubscribeMessage(List<BulkSubscribeMessageEntry<TValue>> entries, string topic, Dictionary<string, string> metadata)
    {
        Entries = entries;
        Topic = topic;
        Metadata = metadata;
    }

    /// <summary>The events.</summary>
    [JsonPropertyName("entries")]
    public List<BulkSubscribeMessageEntry<TValue>> Entries { get; set; }

    /// <summary>The topic.</summary>
    [JsonPropertyName("topic")]
    public string Topic { get; set; }

    /// <summary>Metadata of the delivery.</summary>
    [JsonPropertyName("metadata")]
    public Dictionary<string, string> Metadata { get; set; }
}

/// <summary>One event of a delivery.</summary>
public class BulkSubscribeMessageEntry<TValue>
{
    /// <summary>An empty entry.</summary>
    public BulkSubscribeMessageEntry()
        : this("", "", [], default!)
    {
    }

    /// <summary>An entry.</summary>
    public BulkSubscribeMessageEntry(string entryId, string contentType, Dictionary<string, string> metadata, TValue eventData)
    {
        EntryId = entryId;
        ContentType = contentType;
        Metadata = metadata;
        Event = eventData;
    }

    /// <summary>Tells the entries of one delivery apart; the answer names it.</summary>
    [JsonPropertyName("entryId")]
    public string EntryId { get; set; }

    /// <summary>The content type of the event.</summary>
    [JsonPropertyName("contentType")]
    public string ContentType { get; set; }

    /// <summary>Metadata of the entry.</summary>
    [JsonPropertyName("metadata")]
    public Dictionary<string, string> Metadata { get; set; }

    /// <summary>The event.</summary>
    [JsonPropertyName("event")]
    public TValue Event { get; set; }
}
