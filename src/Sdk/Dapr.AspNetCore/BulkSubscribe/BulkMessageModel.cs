using System.Text.Json.Serialization;

namespace Dapr.AspNetCore;

/// <summary>A CloudEvent within a delivery of many.</summary>
public class BulkMessageModel<TValue>
{
    /// <summary>An empty event.</summary>
    public BulkMessageModel()
        : this("", "", "", "", "", default!)
    {
    }

    /// <summary>An event.</summary>
    public BulkMessageModel(string id, string source, string type, string specversion, string datacontenttype, TValue data)
    {
        Id = id;
        Source = source;
        Type = type;
        Specversion = specversion;
        Datacontenttype = datacontenttype;
        Data = data;
    }

    /// <summary>The event's id.</summary>
    [JsonPropertyName("id")]
    public string Id { get; set; }

    /// <summary>Where the event comes from.</summary>
    [JsonPropertyName("source")]
    public string Source { get; set; }

    /// <summary>What kind of event it is.</summary>
    [JsonPropertyName("type")]
    public string Type { get; set; }

    /// <summary>The version of CloudEvents, <c>1.0</c>.</summary>
    [JsonPropertyName("specversion")]
    public string Specversion { get; set; }

    /// <summary>The content type of <see cref="Data"/>.</summary>
    [JsonPropertyName("datacontenttype")]
    public string Datacontenttype { get; set; }

    /// <summary>What the event carries.</summary>
    [JsonPropertyName("data")]
    public TValue Data { get; set; }
}
