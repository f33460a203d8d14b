using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Dapr;

/// <summary>Adds the attributes of an event to the request's headers.</summary>
internal static class CloudEventHeaders
{
    /// <summary>The body's own attributes, and those that the sidecar sends as headers anyway.</summary>
    private static readonly HashSet<string> NeverForwarded =
        new(StringComparer.OrdinalIgnoreCase) { "data", "data_base64", "datacontenttype", "pubsubname", "traceparent" };

    public static void Add(IHeaderDictionary headers, JsonElement envelope, CloudEventsMiddlewareOptions options)
    {
        foreach (var attribute in envelope.EnumerateObject())
        {
            if (!IsForwarded(attribute.Name, options))
                continue;
            var text = attribute.Value.ValueKind == JsonValueKind.String ? attribute.Value.GetString() : attribute.Value.GetRawText();
            headers.TryAdd($"Cloudevent.{attribute.Name.ToLowerInvariant()}", text);
        }
    }

    private static bool IsForwarded(string name, CloudEventsMiddlewareOptions options)
    {
        if (NeverForwarded.Contains(name))
            return false;
        if (options.IncludedCloudEventPropertiesAsHeaders is { } included)
            return included.Contains(name, StringComparer.OrdinalIgnoreCase);
        return options.ExcludedCloudEventPropertiesFromHeaders?.Contains(name, StringComparer.OrdinalIgnoreCase) is not true;
    }
}
