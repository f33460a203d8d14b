using System.Text.Json;

namespace Sidecar.Testing;

/// <summary>Something that a sidecar of the host did. All of them so far are in <see cref="DaprTestHost.Events"/>.</summary>
/// <param name="AppId">App-id of the sidecar.</param>
public abstract record SidecarEvent(string AppId);

/// <summary>A message, as the sidecar met it.</summary>
/// <param name="Topic">As the app knows it.</param>
/// <param name="Body">As the broker has it: a CloudEvent, or a raw payload.</param>
public abstract record MessageEvent(string AppId, string PubsubName, string Topic, ReadOnlyMemory<byte> Body) : SidecarEvent(AppId)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private JsonElement? _cloudEvent;

    /// <summary>The envelope; undefined (<see cref="JsonValueKind.Undefined"/>) for a payload that is no JSON.</summary>
    public JsonElement CloudEvent => _cloudEvent ??= Parse();

    /// <summary>The CloudEvent's id; null if it has none.</summary>
    public string? Id => Attribute("id");

    /// <summary>The CloudEvent's type; null if it has none.</summary>
    public string? Type => Attribute("type");

    /// <summary>The CloudEvent's data.</summary>
    /// <exception cref="JsonException">They are not of that shape.</exception>
    public TData? Data<TData>() => CloudEvent.ValueKind == JsonValueKind.Object && CloudEvent.TryGetProperty("data", out var data) ? data.Deserialize<TData>(Json) : default;

    /// <inheritdoc/>
    public override string ToString() => $"{AppId}: {GetType().Name} {PubsubName}/{Topic} {Id}";

    private string? Attribute(string name) =>
        CloudEvent.ValueKind == JsonValueKind.Object && CloudEvent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private JsonElement Parse()
    {
        try
        {
            using var document = JsonDocument.Parse(Body);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return default;
        }
    }
}

/// <summary>The broker has taken a message that the app, or its outbox, published.</summary>
public sealed record MessagePublished(string AppId, string PubsubName, string Topic, ReadOnlyMemory<byte> Body) : MessageEvent(AppId, PubsubName, Topic, Body)
{
    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}

/// <summary>The app was handed a message, or could not be, and this is what becomes of it.</summary>
/// <param name="Status"><c>SUCCESS</c>, <c>RETRY</c> or <c>DROP</c>.</param>
/// <param name="Reason">Why it is no success; null when it is one.</param>
public sealed record MessageDelivered(string AppId, string PubsubName, string Topic, ReadOnlyMemory<byte> Body, string Status, string? Reason)
    : MessageEvent(AppId, PubsubName, Topic, Body)
{
    /// <summary>The app took it.</summary>
    public bool IsSuccess => Status == "SUCCESS";

    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()} {Status} {Reason}".TrimEnd();
}

/// <summary>A message that finally failed is on its dead letter topic.</summary>
/// <param name="Topic">Where it came from.</param>
public sealed record MessageDeadLettered(string AppId, string PubsubName, string Topic, ReadOnlyMemory<byte> Body, string DeadLetterTopic)
    : MessageEvent(AppId, PubsubName, Topic, Body)
{
    /// <inheritdoc/>
    public override string ToString() => $"{base.ToString()} → {DeadLetterTopic}";
}

/// <summary>A state store has a new value under a key.</summary>
/// <param name="Key">As the app knows it, without prefix.</param>
/// <param name="Value">As it is stored.</param>
public sealed record StateSaved(string AppId, string Store, string Key, ReadOnlyMemory<byte> Value) : SidecarEvent(AppId)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>The value read as JSON.</summary>
    /// <exception cref="JsonException">It is not of that shape.</exception>
    public TValue? As<TValue>() => JsonSerializer.Deserialize<TValue>(Value.Span, Json);

    /// <inheritdoc/>
    public override string ToString() => $"{AppId}: {nameof(StateSaved)} {Store}/{Key}";
}

/// <summary>A state store was told to forget a key.</summary>
public sealed record StateDeleted(string AppId, string Store, string Key) : SidecarEvent(AppId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{AppId}: {nameof(StateDeleted)} {Store}/{Key}";
}

/// <summary>An app became healthy, which includes that all its subscriptions run, or no longer is.</summary>
public sealed record AppHealthChanged(string AppId, bool IsHealthy) : SidecarEvent(AppId)
{
    /// <inheritdoc/>
    public override string ToString() => $"{AppId}: {(IsHealthy ? "healthy" : "not healthy")}";
}
