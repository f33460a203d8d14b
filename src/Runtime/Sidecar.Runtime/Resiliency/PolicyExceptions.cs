namespace Sidecar.Runtime.Resiliency;

/// <summary>A policy, and not the callee, has ended a call.</summary>
internal abstract class PolicyException(string message) : Exception(message);

/// <summary>An attempt took longer than its timeout policy allows; it was cancelled.</summary>
internal sealed class PolicyTimeoutException(AppliedTimeout timeout)
    : PolicyException($"context deadline exceeded: no answer within {timeout.Limit.TotalSeconds:0.###} s (timeout policy {timeout.Name})");

/// <summary>A circuit breaker has kept a call back.</summary>
internal sealed class BreakerOpenException(string refusal, AppliedBreaker breaker) : PolicyException($"{refusal} (circuit breaker policy {breaker.Name})");
