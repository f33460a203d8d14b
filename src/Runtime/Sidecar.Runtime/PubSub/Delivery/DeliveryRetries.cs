using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Tries messages of one subscription again that the app did not take, as the inbound retry policy of their component says
/// (contract section 4.4). Ends with the broker's time for the message and with the subscription: it is the broker's again then.
/// </summary>
internal sealed class DeliveryRetries(string pubsub, string topic, ResiliencyPolicies policies, TimeProvider time, ILogger logger)
{
    private static readonly Outcome NoTime = Outcome.GiveBack("there is no more time to try it again");

    // Never disposed: a message may outlive the subscription by a moment, and nobody takes its wait handle.
    private readonly CancellationTokenSource _ending = new();

    /// <summary>Returns what became of the last attempt.</summary>
    /// <param name="outcome">Of the first attempt.</param>
    public async ValueTask<Outcome> RetryAsync(Outcome outcome, Func<ValueTask<Outcome>> attempt, CancellationToken cancellationToken)
    {
        if (policies.InboundRetry(pubsub, ComponentBlocks.Pubsub) is not { } applied)
            return outcome;
        var run = new RetryRun(applied.Policy, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        while (outcome.MayBeRetried && applied.Policy.Matches(outcome.HttpStatus, outcome.GrpcStatus) && run.Next() is { } pause)
        {
            if (waiting.IsCancellationRequested)
                return NoTime;
            PubSubLog.DeliveryRetried(
                logger, run.Count == 1 ? LogLevel.Warning : LogLevel.Debug, outcome.EventId, topic, pubsub, outcome.Reason, pause.TotalSeconds, run.Count, applied.Name);
            if (!await WaitedAsync(pause, waiting.Token).ConfigureAwait(false))
                return NoTime;
            outcome = await attempt().ConfigureAwait(false);
        }

        if (outcome.Verdict == Verdict.Success)
            PubSubLog.DeliveryRecovered(logger, outcome.EventId, topic, pubsub, run.Count, applied.Name);
        return outcome;
    }

    /// <summary>No message is tried again any more. Its broker must know before that the subscription ends, or it takes what comes back for a failure.</summary>
    public void End() => _ending.Cancel();

    private async ValueTask<bool> WaitedAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !cancellationToken.IsCancellationRequested;
    }
}
