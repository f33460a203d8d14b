using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>The condition of a routing rule.</summary>
internal interface IRouteMatcher
{
    /// <summary>Null when the condition cannot be decided for this event, with the reason.</summary>
    bool? Matches(JsonElement cloudEvent, out string? error);
}

/// <summary>Reads the text of a condition.</summary>
internal interface IRouteMatcherParser
{
    bool TryParse(string match, [NotNullWhen(true)] out IRouteMatcher? matcher, [NotNullWhen(false)] out string? error);
}
