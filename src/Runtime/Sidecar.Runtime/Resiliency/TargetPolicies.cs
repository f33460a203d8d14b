using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>The policies of one target; null = none of that kind.</summary>
internal sealed record TargetPolicies(AppliedRetry? Retry, AppliedTimeout? Timeout, AppliedBreaker? Breaker)
{
    public static TargetPolicies None { get; } = new(null, null, null);

    public bool IsEmpty => Retry is null && Timeout is null && Breaker is null;
}

/// <param name="Name">Of the policy, for whoever asks why something was retried.</param>
internal sealed record AppliedRetry(string Name, RetryPolicy Policy);

/// <param name="Limit">Of each attempt.</param>
internal sealed record AppliedTimeout(string Name, TimeSpan Limit);

/// <param name="Trip">The policy's condition, parsed.</param>
internal sealed record AppliedBreaker(string Name, CircuitBreakerPolicy Policy, TripCondition Trip);
