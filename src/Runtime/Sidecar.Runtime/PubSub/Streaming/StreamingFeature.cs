using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.PubSub.Subscriptions;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>
/// The streams that are open now. They need no app and do not look at its health: whoever opens one is there to take events.
/// </summary>
internal sealed class StreamingFeature(
    SubscriptionStarter starter, Brokers brokers, SidecarOptions options, TimeProvider time, ILogger<StreamingFeature> logger) : ISidecarFeature, IDisposable
{
    private readonly ConcurrentDictionary<long, StreamSubscription> _open = new();
    private readonly CancellationTokenSource _stopping = new();
    private long _lastNumber;

    /// <summary>Fires when no stream is served any more.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>In the order in which they were opened.</summary>
    public IEnumerable<TopicSubscription> Listed => _open.IsEmpty ? [] : _open.OrderBy(pair => pair.Key).Select(pair => pair.Value.Subscription);

    /// <summary>
    /// A stream from its initial request on: (1) join the broker; (2) serve the client until it ends the stream, or the sidecar
    /// has to; (3) give back to the broker what is not acknowledged.
    /// </summary>
    public async Task<GrpcStatus> RunAsync(TopicSubscription subscription, Func<TopicStream, CancellationToken, Task<GrpcStatus>> serve, CancellationToken cancellationToken)
    {
        var stream = new TopicStream(subscription.PubsubName, subscription.Topic, logger);
        var opened = new StreamSubscription(stream, subscription, starter, brokers);
        var number = Interlocked.Increment(ref _lastNumber);
        _open[number] = opened;
        try
        {
            // 1. A stop that did not see this stream is seen here.
            if (_stopping.IsCancellationRequested)
                return StreamErrors.Stopping;
            if (await opened.StartAsync(cancellationToken).ConfigureAwait(false) is { } refusal)
                return refusal;

            // 2.
            return await serve(stream, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // 3.
            _open.TryRemove(number, out _);
            await EndAsync(opened).ConfigureAwait(false);
        }
    }

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) => FollowAsync(component, cancellationToken);

    public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken) => FollowAsync(component, cancellationToken);

    /// <summary>Ends all streams and lets no more begin: beside the app's subscriptions rather than after them, which may take all the time there is.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_open.Values.Select(opened => StopAsync(opened, cancellationToken))).ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();

    private Task FollowAsync(LoadedComponent component, CancellationToken cancellationToken) => component.Component is not IPubSub
        ? Task.CompletedTask
        : Task.WhenAll(_open.Values.Where(opened => opened.Subscription.PubsubName == component.Name).Select(opened => opened.FollowAsync(cancellationToken)));

    // A client that has events may still answer them, but one that does not must not use up the time that others need.
    private async Task StopAsync(StreamSubscription opened, CancellationToken cancellationToken)
    {
        var patience = options.GracefulShutdown > TimeSpan.Zero ? options.GracefulShutdown / 2 : Timeout.InfiniteTimeSpan;
        try
        {
            await opened.DrainAsync().WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is TimeoutException or OperationCanceledException)
        {
            PubSubLog.StoppedWhileHandling(logger);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PubSubLog.StopFailed(logger, failure);
        }

        opened.Stream.End(StreamErrors.Stopping);
    }

    private async Task EndAsync(StreamSubscription opened)
    {
        try
        {
            await opened.EndAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PubSubLog.StopFailed(logger, failure);
        }
    }
}
