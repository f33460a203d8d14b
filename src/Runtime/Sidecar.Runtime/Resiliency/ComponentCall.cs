namespace Sidecar.Runtime.Resiliency;

/// <summary>A call of a component's driver. Its results are the component's word, and only an exception is a failure.</summary>
/// <param name="verb">For the log, with <paramref name="noun"/>: <c>get</c>, <c>publish to</c>.</param>
internal sealed class ComponentCall<TState, T>(string verb, string noun, TState state, Func<TState, CancellationToken, ValueTask<T>> call) : IGuardedCall<T>
{
    public string Subject => $"{verb} {noun}";

    // A driver that does not look at its token is left behind when time is over.
    public ValueTask<T> AttemptAsync(CancellationToken cancellationToken)
    {
        var attempt = call(state, cancellationToken);
        return attempt.IsCompleted ? attempt : new ValueTask<T>(attempt.AsTask().WaitAsync(cancellationToken));
    }

    public CallFailure? Judge(T result) => null;
}

internal static class ComponentCalls
{
    /// <summary>Calls a driver under the guard's policies; without one at the cost of a look at them.</summary>
    /// <param name="state">All that <paramref name="call"/> needs, so that it can be static.</param>
    /// <inheritdoc cref="ComponentCall{TState, T}"/>
    /// <exception cref="PolicyException">A policy has ended it.</exception>
    public static ValueTask<T> CallAsync<TState, T>(
        this TargetGuard guard, string verb, string noun, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        guard.Policies.IsEmpty ? call(state, cancellationToken) : guard.RunAsync(new ComponentCall<TState, T>(verb, noun, state, call), "", cancellationToken);
}
