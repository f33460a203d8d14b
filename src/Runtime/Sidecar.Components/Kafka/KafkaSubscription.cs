using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka;

/// <summary>What a handler made of a message.</summary>
internal enum KafkaVerdict
{
    Handled,
    Failed,

    /// <summary>The subscription has ended, before its handler was asked or before that was through.</summary>
    Gone,
}

/// <summary>One handler of a topic; counts its calls, so that its end can wait for them.</summary>
internal sealed class KafkaSubscription(KafkaTopic topic, PubSubSubscription subscription, PubSubHandler handler, Func<KafkaSubscription, Task> leave, TimeProvider time)
    : IAsyncDisposable
{
    /// <summary>Handlers under way at the end get this long before their token is cancelled, and once more to heed it.</summary>
    public static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private int _underWay;
    private bool _ended;

    public KafkaTopic Topic => topic;

    /// <summary>Messages that may be with the handler at once.</summary>
    public int Window { get; } = Math.Max(1, subscription.BatchSize);

    private KafkaVerdict NotHandled => _cancel.IsCancellationRequested ? KafkaVerdict.Gone : KafkaVerdict.Failed;

    public async ValueTask<(KafkaVerdict Verdict, Exception? Failure)> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_ended)
                return (KafkaVerdict.Gone, null);
            _underWay++;
        }

        try
        {
            using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _cancel.Token);
            var delivery = await handler(message, both.Token).ConfigureAwait(false);
            return (delivery == Delivery.Ack ? KafkaVerdict.Handled : NotHandled, null);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return (NotHandled, failure);
        }
        finally
        {
            lock (_lock)
            {
                _underWay--;
                if (_ended && _underWay == 0)
                    _drained.TrySetResult();
            }
        }
    }

    /// <summary>1. No handler begins. 2. Those under way get time to end. 3. The others are cancelled. 4. The group hears of it.</summary>
    public async ValueTask DisposeAsync()
    {
        // 1.
        lock (_lock)
        {
            if (_ended)
                return;
            _ended = true;
            if (_underWay == 0)
                _drained.TrySetResult();
        }

        topic.Remove(this);

        // 2. and 3.
        if (!await KafkaDrain.EndsWithinAsync(_drained.Task, DrainTimeout, time).ConfigureAwait(false))
        {
            await _cancel.CancelAsync().ConfigureAwait(false);
            await KafkaDrain.EndsWithinAsync(_drained.Task, DrainTimeout, time).ConfigureAwait(false);
        }

        // 4.
        await leave(this).ConfigureAwait(false);
    }
}

internal static class KafkaDrain
{
    public static async Task<bool> EndsWithinAsync(Task task, TimeSpan limit, TimeProvider time)
    {
        try
        {
            await task.WaitAsync(limit, time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
