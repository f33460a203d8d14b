using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.PubSub.Delivery;
using Sidecar.Runtime.PubSub.GrpcDelivery;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>
/// The two directions of one stream: events go out in the order in which the broker hands them over, answers come in by id in
/// any order. It has no buffer of its own: what is under way is what the broker lets be under way.
/// </summary>
internal sealed class TopicStream(string pubsub, string topic, ILogger logger) : IEventRecipient
{
    private readonly AwaitedEvents _awaited = new();
    private readonly Channel<bool> _unsent = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });
    private readonly TaskCompletionSource<GrpcStatus> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How the stream is to end, once that is known.</summary>
    public Task<GrpcStatus> Ended => _ended.Task;

    public async ValueTask<Outcome> HandOverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken)
    {
        if (!EventFields.TryRead(admitted.CloudEvent, out var fields, out var unfit))
            return Outcome.Unfit(unfit);
        var awaited = new AwaitedEvent(fields.ToRequest(pubsub, topic, admitted.Route.Path));
        if (!_awaited.TryAdd(awaited))
            return Outcome.GiveBack("the stream has ended");
        _unsent.Writer.TryWrite(true);
        try
        {
            return await awaited.Outcome.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _awaited.Forget(awaited);
            throw;
        }
    }

    /// <summary>Sends events until it is cancelled.</summary>
    public async Task SendAsync(MessageWriter<SubscribeTopicEventsResponseAlpha1> events, CancellationToken cancellationToken)
    {
        await foreach (var _ in _unsent.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            while (_awaited.TryTakeUnsent(out var next))
                await events.WriteAsync(new SubscribeTopicEventsResponseAlpha1 { EventMessage = next.Message }, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes answers until the client sends no more, or something else than an answer.</summary>
    public async Task<GrpcStatus> TakeAnswersAsync(MessageReader<SubscribeTopicEventsRequestAlpha1> answers, CancellationToken cancellationToken)
    {
        while (await answers.ReadAsync(cancellationToken).ConfigureAwait(false))
        {
            var answer = answers.Current;
            if (answer.InitialRequest is not null)
                return StreamErrors.SecondInitialRequest;
            if (answer.EventProcessed is not { } processed)
                return StreamErrors.NoAnswer;
            if (!_awaited.TryComplete(processed.Id, StatusWords.OutcomeOf(processed.Status)))
                PubSubLog.AnswerNotAwaited(logger, processed.Id, topic, pubsub);
        }

        return GrpcStatus.OK;
    }

    /// <summary>Ends the stream; the first to say so says how.</summary>
    public void End(GrpcStatus status) => _ended.TrySetResult(status);

    /// <summary>Events that the client has not got go back to the broker; for the others its answer still counts.</summary>
    public void GiveBackUnsent() => _awaited.GiveBackUnsent("the stream is about to end");

    /// <summary>Everything that is not acknowledged goes back to the broker.</summary>
    public void GiveBack() => _awaited.Close("the stream has ended");
}
