using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.PubSub.Routing;

/// <summary>Routing conditions in CEL: the variable <c>event</c> is the CloudEvent (contract 2.7).</summary>
internal sealed class ExpressionMatcherParser : IRouteMatcherParser
{
    public bool TryParse(string match, [NotNullWhen(true)] out IRouteMatcher? matcher, [NotNullWhen(false)] out string? error)
    {
        matcher = Expression.TryParse(match, out var expression, out error) ? new Matcher(expression!) : null;
        error = matcher is null ? error ?? "not an expression" : null;
        return matcher is not null;
    }

    private sealed class Matcher(Expression expression) : IRouteMatcher
    {
        public bool? Matches(JsonElement cloudEvent, out string? error)
        {
            var result = expression.Evaluate(new Dictionary<string, object?> { ["event"] = cloudEvent });
            error = result.Error ?? (result.Bool is null ? $"'{expression.Text}' is not a condition: it came to {result.Value ?? "null"}" : null);
            return result.Bool;
        }
    }
}
