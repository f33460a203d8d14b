using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Hands messages of one subscription over under the inbound policies of their component (contract section 4.4). Pauses end with the
/// broker's time for the message and with the subscription: it is the broker's again then.
/// </summary>
internal sealed class DeliveryGuard(string pubsub, string topic, ResiliencyPolicies policies)
{
    private static readonly Outcome NoTime = Outcome.GiveBack("there is no more time to try it again");

    // Never disposed: a message may outlive the subscription by a moment, and nobody takes its wait handle.
    private readonly CancellationTokenSource _ending = new();

    private TargetGuard Present => policies.Component(pubsub, ComponentBlocks.Pubsub, FlowDirection.Inbound);

    /// <summary>There is no policy now: nothing need be guarded.</summary>
    public bool IsOpen => Present.Policies.IsEmpty;

    /// <summary>Attempts of one message, until one is taken or the policies end them. Returns what became of the last.</summary>
    public async ValueTask<Outcome> DeliverAsync(string? eventId, Func<CancellationToken, ValueTask<Outcome>> attempt, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        return await EndedAsync(Present.RunAsync(new Call(topic, eventId, attempt), "", cancellationToken, waiting.Token), waiting.Token).ConfigureAwait(false);
    }

    /// <summary>Retries alone, for a message whose attempts are parts of batches.</summary>
    /// <inheritdoc cref="DeliverAsync"/>
    public async ValueTask<Outcome> RetryAsync(string? eventId, Func<CancellationToken, ValueTask<Outcome>> attempt, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ending.Token);
        return await EndedAsync(Present.RetryAsync(new Call(topic, eventId, attempt), "", cancellationToken, waiting.Token), waiting.Token).ConfigureAwait(false);
    }

    /// <summary>One attempt of a batch, by breaker and timeout.</summary>
    /// <param name="attempt">Answers with a failure that stands for the batch, or null.</param>
    /// <exception cref="PolicyException">The batch did not reach the app, or had no answer in time.</exception>
    public async ValueTask HandOverAsync(Func<CancellationToken, ValueTask<CallFailure?>> attempt, CancellationToken cancellationToken) =>
        await Present.AttemptAsync(new BatchCall(topic, attempt), "", cancellationToken).ConfigureAwait(false);

    /// <summary>No message is tried again any more. Its broker must know before that the subscription ends, or it takes what comes back for a failure.</summary>
    public void End() => _ending.Cancel();

    private static async ValueTask<Outcome> EndedAsync(ValueTask<Outcome> delivery, CancellationToken waiting)
    {
        try
        {
            return await delivery.ConfigureAwait(false);
        }
        catch (PolicyException ended)
        {
            return new Outcome(Verdict.Retry, ended.Message) { IsFinal = ended is BreakerOpenException };
        }
        catch (OperationCanceledException) when (waiting.IsCancellationRequested)
        {
            return NoTime;
        }
    }

    private sealed class Call(string topic, string? eventId, Func<CancellationToken, ValueTask<Outcome>> attempt) : IGuardedCall<Outcome>
    {
        public string Subject => $"event {eventId} of topic {topic}";

        public ValueTask<Outcome> AttemptAsync(CancellationToken cancellationToken) => attempt(cancellationToken);

        public CallFailure? Judge(Outcome outcome) => outcome.MayBeRetried ? new CallFailure(outcome.Reason ?? "", outcome.HttpStatus, outcome.GrpcStatus) : null;
    }

    private sealed class BatchCall(string topic, Func<CancellationToken, ValueTask<CallFailure?>> attempt) : IGuardedCall<CallFailure?>
    {
        public string Subject => $"a batch of topic {topic}";

        public ValueTask<CallFailure?> AttemptAsync(CancellationToken cancellationToken) => attempt(cancellationToken);

        public CallFailure? Judge(CallFailure? result) => result;
    }
}
