using Microsoft.Extensions.Logging;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>
/// An input binding that hands its events to the app. When it ends, no event begins any more, and those under way have a while
/// to finish: an app that hangs must not hold up what the sidecar does next. While the sidecar stops, an attempt under way has as long
/// as that, and none follows it.
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
        using var pauses = CancellationTokenSource.CreateLinkedTokenSource(either.Token, stopping);
        try
        {
            var answer = await LastAnswerAsync(new EventCall(app, target, bindingEvent), either.Token, pauses.Token).ConfigureAwait(false);
            if (!answer.IsHandled)
                logger.EventFailed(target.Binding, answer.Failure!.Value.Reason);
            if (answer.FollowUp is { } followUp)
                await followUp(either.Token).ConfigureAwait(false);
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

    private async ValueTask<EventAnswer> LastAnswerAsync(EventCall call, CancellationToken attempts, CancellationToken pauses)
    {
        try
        {
            return await guard().RunAsync(call, "", attempts, pauses).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (call.Last is not null)
        {
            return call.Last.Value;
        }
    }

    private sealed class EventCall(IBindingApp app, InputTarget target, BindingEvent bindingEvent) : IGuardedCall<EventAnswer>
    {
        public string Subject => $"an event of {target.Binding}";

        /// <summary>The app's last answer until now.</summary>
        public EventAnswer? Last { get; private set; }

        public async ValueTask<EventAnswer> AttemptAsync(CancellationToken cancellationToken)
        {
            var answer = await app.DeliverAsync(target, bindingEvent, cancellationToken).ConfigureAwait(false);
            Last = answer;
            return answer;
        }

        public CallFailure? Judge(EventAnswer answer) => answer.Failure;
    }
}
