using System.Globalization;
using Sidecar.Components;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>The entries of a request's metadata that the sidecar itself obeys; the rest is the component's business.</summary>
internal sealed class PublishMetadata
{
    private const string OverridePrefix = "cloudevent.";

    private static readonly PublishMetadata None = new();

    /// <summary>Publish the bytes as they are, without an envelope.</summary>
    public bool IsRaw { get; private set; }

    public TimeSpan? TimeToLive { get; private set; }

    // metadata.cloudevent.<name>: what the envelope says in place of the sidecar's own word.
    public string? Id { get; private set; }

    public string? Source { get; private set; }

    public string? Type { get; private set; }

    public string? TraceId { get; private set; }

    public string? TraceParent { get; private set; }

    public string? TraceState { get; private set; }

    public string? Subject { get; private set; }

    /// <summary>Reads the entries, names regardless of case. False with the reason when one has no meaning.</summary>
    public static bool TryRead(IReadOnlyDictionary<string, string> metadata, out PublishMetadata read, out string? error)
    {
        error = null;
        read = None;
        if (metadata.Count == 0)
            return true;

        read = new PublishMetadata();
        foreach (var (name, value) in metadata)
        {
            if (name.StartsWith(OverridePrefix, StringComparison.OrdinalIgnoreCase))
                read.Override(name.AsSpan(OverridePrefix.Length), value);
            else if (name.Equals("ttlInSeconds", StringComparison.OrdinalIgnoreCase))
                read.TimeToLive = ParseTimeToLive(value) ?? read.TimeToLive;
            else if (name.Equals("ttl", StringComparison.OrdinalIgnoreCase))
                read.TimeToLive ??= ParseTimeToLive(value);
        }

        if (!RawPayload.TryRead(metadata, out var isRaw, out error))
            return false;
        read.IsRaw = isRaw;
        return true;
    }

    /// <summary>The same with another word on <see cref="IsRaw"/>.</summary>
    public PublishMetadata WithRaw(bool isRaw)
    {
        if (IsRaw == isRaw)
            return this;
        var copy = (PublishMetadata)MemberwiseClone();
        copy.IsRaw = isRaw;
        return copy;
    }

    private void Override(ReadOnlySpan<char> attribute, string value)
    {
        if (attribute.Equals("id", StringComparison.OrdinalIgnoreCase))
            Id = value;
        else if (attribute.Equals("source", StringComparison.OrdinalIgnoreCase))
            Source = value;
        else if (attribute.Equals("type", StringComparison.OrdinalIgnoreCase))
            Type = value;
        else if (attribute.Equals("traceid", StringComparison.OrdinalIgnoreCase))
            TraceId = value;
        else if (attribute.Equals("traceparent", StringComparison.OrdinalIgnoreCase))
            TraceParent = value;
        else if (attribute.Equals("tracestate", StringComparison.OrdinalIgnoreCase))
            TraceState = value;
        else if (attribute.Equals("subject", StringComparison.OrdinalIgnoreCase))
            Subject = value;
    }

    // Dapr passes over a time to live that it cannot read or that is not positive.
    private static TimeSpan? ParseTimeToLive(string text)
    {
        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            return seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, (long)MaximumTimeToLive.TotalSeconds)) : null;
        return GoText.TryParseDuration(text, out var duration) && duration > TimeSpan.Zero
            ? TimeSpan.FromTicks(Math.Min(duration.Ticks, MaximumTimeToLive.Ticks))
            : null;
    }

    // Far enough to mean forever, near enough that now plus this is still a date.
    private static TimeSpan MaximumTimeToLive => TimeSpan.FromDays(365 * 290);
}
