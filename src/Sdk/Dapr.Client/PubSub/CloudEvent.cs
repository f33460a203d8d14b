using System.Text.Json.Serialization;

namespace Dapr;

/// <summary>
/// The attributes of a CloudEvent that a publisher chooses. What is left null is filled in by the sidecar, except the id,
/// which an event published this way has not; give metadata <c>cloudevent.id</c> with plain data where the id matters.
/// </summary>
public class CloudEvent
{
    /// <summary>Where the event comes from.</summary>
    [JsonPropertyName("source")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Uri? Source { get; init; }

    /// <summary>What kind of event it is; routing rules mostly look at this.</summary>
    [JsonPropertyName("type")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    /// <summary>What the event is about, within its source.</summary>
    [JsonPropertyName("subject")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }
}

/// <summary>A CloudEvent with JSON data.</summary>
/// <param name="data">What the event carries.</param>
public class CloudEvent<TData>(TData data) : CloudEvent
{
    /// <summary>What the event carries.</summary>
    [JsonPropertyName("data")]
    public TData Data { get; } = data;

    /// <summary>Always <c>application/json</c>.</summary>
    [JsonPropertyName("datacontenttype")]
    public string DataContentType { get; } = "application/json";
}
