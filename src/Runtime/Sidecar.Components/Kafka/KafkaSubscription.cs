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
internal sealed class KafkaSubscription(KafkaTopic topic, PubSubSubscription subscription, PubSubHandler handler, KafkaDrain drain, Func<KafkaSubscription, Task> leave)
    : IAsyncDisposable
{
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
        if (!await drain.EndsAsync(_drained.Task).ConfigureAwait(false))
        {
            await _cancel.CancelAsync().ConfigureAwait(false);
            await drain.EndsAsync(_drained.Task).ConfigureAwait(false);
        }

        // 4.
        await leave(this).ConfigureAwait(false);
    }
}

/// <summary>How long handlers under way may take when what they belong to ends, before their token is cancelled, and once more to heed that.</summary>
internal sealed record KafkaDrain(TimeSpan Limit, TimeProvider Time)
{
    /// <summary>False when the time is over.</summary>
    public async Task<bool> EndsAsync(Task task)
    {
        try
        {
            await task.WaitAsync(Limit, Time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }
}
