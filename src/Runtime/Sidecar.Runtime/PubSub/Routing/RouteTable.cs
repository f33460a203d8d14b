using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>Where events go at the app.</summary>
/// <param name="Path">As the subscription has it, which is what a gRPC app is told.</param>
/// <param name="Address">The same as a relative URI.</param>
internal sealed record Route(string Path, Uri Address);

/// <summary>Where an event goes.</summary>
/// <param name="Route">Null when no rule matches, or on an error.</param>
/// <param name="Error">Why the rules cannot decide.</param>
internal readonly record struct RouteDecision(Route? Route, string? Error);

/// <summary>The rules of one subscription, ready to be asked.</summary>
internal sealed class RouteTable
{
    private static readonly JsonDocumentOptions EventOptions = new() { MaxDepth = 10_000 };

    private readonly IReadOnlyList<(IRouteMatcher? Matcher, Route Route)> _routes;

    private RouteTable(IReadOnlyList<(IRouteMatcher?, Route)> routes) => _routes = routes;

    public static bool TryCreate(
        IReadOnlyList<RouteRule> rules, IRouteMatcherParser parser, [NotNullWhen(true)] out RouteTable? table, [NotNullWhen(false)] out string? error)
    {
        table = null;
        error = null;
        var routes = new List<(IRouteMatcher?, Route)>();
        foreach (var rule in rules)
        {
            IRouteMatcher? matcher = null;
            if (rule.Match.Length > 0 && !parser.TryParse(rule.Match, out matcher, out var reason))
            {
                error = $"the rule '{rule.Match}' cannot be used: {reason}";
                return false;
            }

            // As an absolute address for a moment, because only then is escaped what may not stand in a request line: blanks,
            // line ends, letters beyond ASCII.
            if (!Uri.TryCreate($"http://app/{rule.Path.TrimStart('/')}", UriKind.Absolute, out var address))
            {
                error = $"the path '{rule.Path}' is not a URL path";
                return false;
            }

            routes.Add((matcher, new Route(rule.Path, new Uri(address.PathAndQuery, UriKind.Relative))));
        }

        table = new RouteTable(routes);
        return true;
    }

    /// <summary>The first route whose condition holds. The event is parsed only when a condition has to see it.</summary>
    public RouteDecision Find(ReadOnlyMemory<byte> cloudEvent)
    {
        JsonDocument? parsed = null;
        try
        {
            foreach (var (matcher, route) in _routes)
            {
                if (matcher is null)
                    return new RouteDecision(route, null);
                parsed ??= JsonDocument.Parse(cloudEvent, EventOptions);
                var matches = matcher.Matches(parsed.RootElement, out var error);
                if (matches is null)
                    return new RouteDecision(null, error ?? "the condition has no answer");
                if (matches.Value)
                    return new RouteDecision(route, null);
            }

            return default;
        }
        finally
        {
            parsed?.Dispose();
        }
    }
}
