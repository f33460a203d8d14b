using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sidecar.Runtime.PubSub.Routing;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Knows <c>event.type == "x"</c> and nothing else.</summary>
internal sealed class TypeMatcherParser : IRouteMatcherParser
{
    public bool TryParse(string match, [NotNullWhen(true)] out IRouteMatcher? matcher, [NotNullWhen(false)] out string? error)
    {
        var isKnown = match.StartsWith("event.type == \"", StringComparison.Ordinal);
        matcher = isKnown ? new Matcher(match.Split('"')[1]) : null;
        error = isKnown ? null : "syntax error";
        return isKnown;
    }

    private sealed class Matcher(string type) : IRouteMatcher
    {
        public bool? Matches(JsonElement cloudEvent, out string? error)
        {
            var found = cloudEvent.TryGetProperty("type", out var value);
            error = found ? null : "no such key: type";
            return found ? value.GetString() == type : null;
        }
    }
}
