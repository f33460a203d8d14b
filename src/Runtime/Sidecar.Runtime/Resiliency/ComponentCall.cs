namespace Sidecar.Runtime.Resiliency;

/// <summary>A call of a component's driver. An exception is a failure, and so is a result that <paramref name="judge"/> takes for one.</summary>
/// <param name="verb">For the log, with <paramref name="noun"/>: <c>get</c>, <c>publish to</c>.</param>
/// <param name="judge">null: whatever the component answers, it is well.</param>
internal sealed class ComponentCall<TState, T>(string verb, string noun, TState state, Func<TState, CancellationToken, ValueTask<T>> call, Func<T, CallFailure?>? judge) : IGuardedCall<T>
{
    public string Subject => $"{verb} {noun}";

    // A driver that does not look at its token is left behind when time is over.
    public ValueTask<T> AttemptAsync(CancellationToken cancellationToken)
    {
        var attempt = call(state, cancellationToken);
        return attempt.IsCompleted ? attempt : new ValueTask<T>(attempt.AsTask().WaitAsync(cancellationToken));
    }

    public CallFailure? Judge(T result) => judge?.Invoke(result);
}

internal static class ComponentCalls
{
    /// <summary>Calls a driver under the guard's policies; without one at the cost of a look at them.</summary>
    /// <param name="state">All that <paramref name="call"/> needs, so that it can be static.</param>
    /// <inheritdoc cref="ComponentCall{TState, T}"/>
    /// <exception cref="PolicyException">A policy has ended it.</exception>
    public static ValueTask<T> CallAsync<TState, T>(
        this TargetGuard guard, string verb, string noun, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken, Func<T, CallFailure?>? judge = null) =>
        guard.Policies.IsEmpty ? call(state, cancellationToken) : guard.RunAsync(new ComponentCall<TState, T>(verb, noun, state, call, judge), "", cancellationToken);
}
