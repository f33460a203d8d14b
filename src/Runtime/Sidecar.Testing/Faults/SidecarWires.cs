using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Faults;

namespace Sidecar.Testing.Faults;

/// <summary>
/// Everything that goes in and out of one life of a sidecar besides its API: here calls fail on purpose, and when the sidecar
/// crashes, nothing of it gets through any more.
/// </summary>
internal sealed class SidecarWires(string appId, FaultPlan plan, TimeProvider time) : IComponentWires
{
    private readonly CancellationTokenSource _cut = new();

    public string AppId => appId;

    public bool IsCut => _cut.IsCancellationRequested;

    /// <summary>From here on this sidecar reaches nobody.</summary>
    public void Cut() => _cut.Cancel();

    /// <summary>Makes a call, unless it is to fail. <paramref name="answer"/> turns a status into an answer.</summary>
    public async ValueTask<T> CallAsync<T>(
        FaultCall call, Func<CancellationToken, ValueTask<T>> operation, Func<string, Exception> error, Func<Fail, T>? answer, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cut.Token);
        try
        {
            either.Token.ThrowIfCancellationRequested();
            if (plan.Next(call) is not { } fail)
                return await operation(either.Token).ConfigureAwait(false);
            if (fail.Delay > TimeSpan.Zero || fail.Hangs)
                await Task.Delay(fail.Hangs ? Timeout.InfiniteTimeSpan : fail.Delay, time, either.Token).ConfigureAwait(false);
            if (fail.Status is not null && answer is not null)
                return answer(fail);
            if (fail.Error is null || fail.IsDone)
            {
                var done = await operation(either.Token).ConfigureAwait(false);
                if (fail.Error is null)
                    return done;
                (done as IDisposable)?.Dispose();
            }

            throw error(fail.Error);
        }
        catch (OperationCanceledException) when (_cut.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw error($"the sidecar of {appId} has crashed");
        }
    }

    /// <summary>Makes a call to a component.</summary>
    public ValueTask<T> CallAsync<T>(string component, string operation, string? target, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellationToken) =>
        CallAsync(new FaultCall(null, null, new ComponentCall(appId, component, operation, target)), call, message => new ComponentException(message), answer: null, cancellationToken);

    // What a crashed sidecar would still acknowledge, the broker does not hear.
    public PubSubHandler Guard(string component, string topic, PubSubHandler handler) => async (message, token) =>
    {
        if (IsCut)
            return Delivery.Nack;
        var answer = await handler(message, token).ConfigureAwait(false);
        return IsCut ? Delivery.Nack : answer;
    };

    // Likewise what it would still settle.
    public BindingHandler Guard(string component, BindingHandler handler) => async (bindingEvent, token) =>
    {
        if (IsCut)
            return default;
        var outcome = await handler(bindingEvent, token).ConfigureAwait(false);
        return IsCut ? default : outcome;
    };
}
