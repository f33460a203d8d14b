using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Resiliency;

/// <summary>
/// Tells of everything that a policy does: each time one structured line of the log, one count of a metric and one event of the span
/// that the call belongs to, with the policy's name, the attempt and the cause.
/// </summary>
internal sealed partial class PolicyEvents(SidecarOptions options, ILogger<PolicyEvents> logger)
{
    /// <summary>The first retry of a call tells that something is wrong; those that follow are for whoever looks closer.</summary>
    private static LogLevel LevelOf(int count) => count == 1 ? LogLevel.Warning : LogLevel.Debug;

    /// <summary>A call is about to be made.</summary>
    public void Used(TargetGuard guard)
    {
        if (!SidecarMeter.PolicyUses.Enabled)
            return;
        foreach (var (kind, policy) in (ReadOnlySpan<(string, string?)>)[("retry", guard.Policies.Retry?.Name), ("timeout", guard.Policies.Timeout?.Name), ("circuitbreaker", guard.Policies.Breaker?.Name)])
        {
            if (policy is not null)
                SidecarMeter.PolicyUses.Add(1, Tags(guard.Target, kind, policy));
        }
    }

    public void Retrying(GuardTarget target, string policy, string subject, string reason, TimeSpan pause, int count)
    {
        LogRetry(LevelOf(count), subject, target, reason, pause.TotalSeconds, count, policy);
        Count(target, "retry", policy, "retried");
        Mark("resiliency.retry", target, policy, count, reason);
    }

    public void Recovered(TargetGuard guard, string subject, int count) =>
        LogRecovery(subject, guard.Target, count, guard.Policies.Retry!.Name);

    public void TimedOut(TargetGuard guard, string subject)
    {
        var timeout = guard.Policies.Timeout!;
        LogTimeout(subject, guard.Target, timeout.Limit.TotalSeconds, timeout.Name);
        Count(guard.Target, "timeout", timeout.Name, "timed out");
        Mark("resiliency.timeout", guard.Target, timeout.Name, null, $"no answer within {timeout.Limit.TotalSeconds:0.###} s");
    }

    public void KeptBack(TargetGuard guard, string subject, string refusal)
    {
        var breaker = guard.Policies.Breaker!.Name;
        LogKeptBack(subject, guard.Target, refusal, breaker);
        Count(guard.Target, "circuitbreaker", breaker, "kept back");
        Mark("resiliency.refusal", guard.Target, breaker, null, refusal);
    }

    public void BreakerTurned(TargetGuard guard, AppliedBreaker breaker, string endpoint, BreakerTurn turn)
    {
        var counts = turn.Counts;
        LogTurn(
            turn.To == BreakerState.Open ? LogLevel.Warning : LogLevel.Information,
            breaker.Name, guard.Target, endpoint, Word(turn.To), Word(turn.From), counts.Requests, counts.TotalFailures, counts.ConsecutiveFailures);
        Count(guard.Target, "circuitbreaker", breaker.Name, Word(turn.To));
        SidecarMeter.BreakerState.Record((int)turn.To, Tags(guard.Target, "circuitbreaker", breaker.Name));
        Mark("resiliency.breaker", guard.Target, breaker.Name, null, $"{Word(turn.From)} to {Word(turn.To)}");
    }

    /// <summary>As Dapr writes it.</summary>
    public static string Word(BreakerState state) => state switch
    {
        BreakerState.Closed => "closed",
        BreakerState.HalfOpen => "half-open",
        _ => "open",
    };

    private void Count(GuardTarget target, string kind, string policy, string status)
    {
        if (SidecarMeter.PolicyActivations.Enabled)
            SidecarMeter.PolicyActivations.Add(1, Tags(target, kind, policy, status));
    }

    private TagList Tags(GuardTarget target, string kind, string policy, string? status = null)
    {
        var tags = new TagList
        {
            { "app_id", options.AppId },
            { "name", policy },
            { "policy", kind },
            { "namespace", options.Namespace ?? "" },
            { "flow_direction", target.Direction == FlowDirection.Inbound ? "inbound" : "outbound" },
            { "target", target.Label },
        };
        if (status is not null)
            tags.Add("status", status);
        return tags;
    }

    private static void Mark(string name, GuardTarget target, string policy, int? attempt, string cause)
    {
        if (SidecarSpans.Current is not { } span)
            return;
        var tags = new ActivityTagsCollection { ["dapr.resiliency.policy"] = policy, ["dapr.resiliency.target"] = target.ToString(), ["dapr.resiliency.cause"] = cause };
        if (attempt is not null)
            tags["dapr.resiliency.attempt"] = attempt;
        span.AddEvent(new ActivityEvent(name, tags: tags));
    }

    [LoggerMessage(Message = "{Subject} ({Target}) failed: {Reason}; tried again in {Seconds:0.###} s, for the {Count}. time, by the retry policy {Policy}")]
    private partial void LogRetry(LogLevel level, string subject, GuardTarget target, string reason, double seconds, int count, string policy);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Subject} ({Target}) succeeded when it was tried again for the {Count}. time, by the retry policy {Policy}")]
    private partial void LogRecovery(string subject, GuardTarget target, int count, string policy);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Subject} ({Target}) had no answer within {Seconds:0.###} s and was cancelled, by the timeout policy {Policy}")]
    private partial void LogTimeout(string subject, GuardTarget target, double seconds, string policy);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Subject} ({Target}) was kept back: {Refusal}, by the circuit breaker policy {Policy}")]
    private partial void LogKeptBack(string subject, GuardTarget target, string refusal, string policy);

    [LoggerMessage(Message = "The circuit breaker {Policy} of {Target} {Endpoint} is {State} and was {Before}: of {Requests} calls {Failures} had failed, the last {Consecutive} in a row")]
    private partial void LogTurn(LogLevel level, string policy, GuardTarget target, string endpoint, string state, string before, int requests, int failures, int consecutive);
}
