using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>
/// An input binding that hands its events to the app. When it ends, no event begins any more, and those under way have a while
/// to finish: an app that hangs must not hold up what the sidecar does next. While the sidecar stops, they have as long as that.
/// </summary>
/// <param name="guard">The binding's inbound policies now.</param>
/// <param name="stopping">The sidecar stops.</param>
internal sealed class RunningInput(IBindingApp app, InputTarget target, Func<TargetGuard> guard, TimeProvider time, ILogger logger, CancellationToken stopping) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // Never disposed: an event may outlive the stop by a moment, and nobody takes its wait handle.
    private readonly CancellationTokenSource _givenUp = new();
    private IAsyncDisposable? _reading;

    public void Begin(IAsyncDisposable reading) => _reading = reading;

    public async ValueTask<BindingOutcome> HandleAsync(BindingEvent bindingEvent, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _givenUp.Token);
        try
        {
            var answer = await guard().RunAsync(new EventCall(app, target, bindingEvent), "", either.Token).ConfigureAwait(false);
            if (answer.Failure is { } failure)
                logger.EventFailed(target.Binding, failure.Reason);
            return answer.Outcome;
        }
        catch (Exception ended) when (ended is PolicyException or OperationCanceledException)
        {
            logger.EventFailed(target.Binding, ended.Message);
            return default;
        }
    }

    public async ValueTask DisposeAsync()
    {
        var ended = _reading!.DisposeAsync().AsTask();
        try
        {
            await ended.WaitAsync(Patience, time, stopping).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _givenUp.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops, and limits the time itself.
        }

        await ended.ConfigureAwait(false);
        logger.Ended(target.Binding);
    }

    private sealed class EventCall(IBindingApp app, InputTarget target, BindingEvent bindingEvent) : IGuardedCall<EventAnswer>
    {
        public string Subject => $"an event of {target.Binding}";

        public ValueTask<EventAnswer> AttemptAsync(CancellationToken cancellationToken) => app.DeliverAsync(target, bindingEvent, cancellationToken);

        public CallFailure? Judge(EventAnswer answer) => answer.Failure;
    }
}
