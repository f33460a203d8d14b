using Sidecar.Runtime.Expressions;

namespace Sidecar.Runtime.Resiliency;

/// <summary>When a breaker opens: an expression over its counts. One that has no answer, or none of yes and no, does not hold.</summary>
internal sealed class TripCondition(Expression expression)
{
    public string Text => expression.Text;

    /// <summary>null for what is no expression; the reader of files refuses that before.</summary>
    public static TripCondition? Parse(string text) => Expression.TryParse(text, out var expression, out _) ? new TripCondition(expression!) : null;

    public bool Holds(BreakerCounts counts) => expression.Evaluate(new Dictionary<string, object?>(StringComparer.Ordinal)
    {
        ["requests"] = counts.Requests,
        ["totalSuccesses"] = counts.TotalSuccesses,
        ["totalFailures"] = counts.TotalFailures,
        ["consecutiveSuccesses"] = counts.ConsecutiveSuccesses,
        ["consecutiveFailures"] = counts.ConsecutiveFailures,
    }).Bool == true;
}
