using Sidecar.Grpc;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.PubSub.Subscriptions;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>A stream's side at the broker: it follows the component through reloads, and ends with the stream.</summary>
internal sealed class StreamSubscription(TopicStream stream, TopicSubscription subscription, SubscriptionStarter starter, Brokers brokers)
{
    // Never disposed: nobody takes its wait handle, and a reload may come to it late.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile RunningSubscription? _running;
    private volatile bool _isOver;

    public TopicSubscription Subscription => subscription;

    public TopicStream Stream => stream;

    /// <summary>Null when events come from now on.</summary>
    public async Task<GrpcStatus?> StartAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await StartInTurnAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>A component was removed or replaced. If it was this one's, what is under way ends with it, and the rest comes from its successor.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_running is not { } running || ReferenceEquals(running.Broker, brokers.Find(subscription.PubsubName)))
                return;
            var ended = running.EndAsync();
            stream.GiveBackUnsent();
            await ended.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (brokers.Find(subscription.PubsubName) is null)
                stream.End(StreamErrors.ComponentGone(subscription.PubsubName));
            else if (await StartInTurnAsync(cancellationToken).ConfigureAwait(false) is { } refusal)
                stream.End(refusal);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>No more events from the broker, answers to those under way count as long as it waits for them; ends with the last of them.</summary>
    public Task DrainAsync()
    {
        _isOver = true;
        var ended = _running?.EndAsync() ?? Task.CompletedTask;
        stream.GiveBackUnsent();
        return ended;
    }

    /// <summary>Everything that is not acknowledged goes back to the broker.</summary>
    public async Task EndAsync()
    {
        // The broker hears of it first: what comes back to one that goes on would come again at once.
        _isOver = true;
        _ = _running?.EndAsync();
        stream.GiveBack();
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            await (_running?.EndAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<GrpcStatus?> StartInTurnAsync(CancellationToken cancellationToken)
    {
        _running = null;
        if (_isOver)
            return StreamErrors.Stopping;
        var (running, refusal) = await starter.StartAsync(subscription, stream, cancellationToken).ConfigureAwait(false);
        _running = running;
        return refusal?.ToGrpc();
    }
}
