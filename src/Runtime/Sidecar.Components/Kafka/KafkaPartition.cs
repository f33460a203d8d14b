using Microsoft.Extensions.Logging;
using Sidecar.Components.Kafka.Native;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka;

/// <summary>What the partitions of a consumer have in common.</summary>
internal sealed record KafkaHandling(KafkaHeaders Headers, KafkaRetry Retry, KafkaDrain Drain, TimeProvider Time, ILogger Logger);

/// <summary>What became of a message.</summary>
internal enum KafkaOutcome
{
    Handled,

    /// <summary>Its retries are over. Its own offset is not stored, but that of the next one that is handled covers it.</summary>
    PassedOver,

    /// <summary>The partition stopped before; the message comes again.</summary>
    Left,
}

/// <summary>
/// A partition while it is assigned: hands its messages in their order to the handler, as many at once as that collects, and
/// stores the offset of each when it and all before it are done with. A message that fails is retried here, and those behind
/// it wait.
/// </summary>
internal sealed class KafkaPartition
{
    private readonly KafkaTopic _topic;
    private readonly int _number;
    private readonly KafkaHandling _handling;
    private readonly Action<long> _store;
    private readonly long _handledBefore;
    private readonly KafkaPartitionQueue _queue;
    private readonly Signal _signal = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly Queue<(long Offset, Task<KafkaOutcome> Outcome)> _underWay = new();
    private readonly Lock _storing = new();
    private bool _mayStore = true;
    private Task _work = Task.CompletedTask;

    /// <param name="handledBefore">Messages before this offset were handled here already, which the broker may not have been told.</param>
    /// <param name="store">Is told the offset behind each message that is done with, in order.</param>
    public KafkaPartition(KafkaHandle client, KafkaTopic topic, int number, KafkaHandling handling, long handledBefore, Action<long> store)
    {
        (_topic, _number, _handling, _handledBefore, _store) = (topic, number, handling, handledBefore, store);
        _queue = new KafkaPartitionQueue(client, topic.Name, number, Wake);
    }

    /// <summary>The offset behind what was handled, which is stored; null = nothing was.</summary>
    public long? Handled { get; private set; }

    public void Start() => _work = Task.Run(WorkAsync, CancellationToken.None);

    /// <summary>
    /// 1. No further message begins, and retries end. 2. Handlers under way get time to end. 3. The others are cancelled.
    /// 4. What is not stored by now comes again, here or elsewhere.
    /// </summary>
    public async Task StopAsync()
    {
        // 1.
        await _stop.CancelAsync().ConfigureAwait(false);
        Wake();

        // 2. and 3.
        if (!await _handling.Drain.EndsAsync(_work).ConfigureAwait(false))
        {
            await _cancel.CancelAsync().ConfigureAwait(false);
            if (!await _handling.Drain.EndsAsync(_work).ConfigureAwait(false))
                KafkaLog.HandlersLeftBehind(_handling.Logger, _number, _topic.Name);
        }

        // 4. The partition may be assigned anew, and further on, when a straggler ends.
        lock (_storing)
            _mayStore = false;
        _queue.Dispose();
    }

    private void Wake() => _signal.Set();

    private async Task WorkAsync()
    {
        while (true)
        {
            Begin();
            if (!await SettleAsync().ConfigureAwait(false))
                return;
            if (_stop.IsCancellationRequested && _underWay.Count == 0)
                return;
            await _signal.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    // Each runs up to its first await here, which makes handlers begin in order.
    private void Begin()
    {
        while (!_stop.IsCancellationRequested && _underWay.Count < _topic.WindowOf(_number) && _queue.TryTake(_handling.Headers, out var fetched))
        {
            if (fetched.Message is { } message)
                Begin(message, fetched.Offset);
            else
                KafkaLog.ConsumerError(_handling.Logger, _topic.Name, fetched.Error!);
        }
    }

    private void Begin(PubSubMessage message, long offset)
    {
        var outcome = offset < _handledBefore ? Task.FromResult(KafkaOutcome.Handled) : DeliverAsync(message, offset);
        _underWay.Enqueue((offset, outcome));
        outcome.ContinueWith(
            static (_, self) => ((KafkaPartition)self!).Wake(), this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Stores what is done with, up to the first that is not. False when the message at the front is left to others.</summary>
    private async ValueTask<bool> SettleAsync()
    {
        var (next, isLeft) = (-1L, false);
        while (!isLeft && _underWay.TryPeek(out var first) && first.Outcome.IsCompleted)
        {
            var outcome = await first.Outcome.ConfigureAwait(false);
            isLeft = outcome == KafkaOutcome.Left;
            _underWay.Dequeue();
            if (outcome == KafkaOutcome.Handled)
                next = first.Offset + 1;

            // There is room again, which nothing else tells.
            Wake();
        }

        if (next >= 0)
            Store(next);
        while (isLeft && _underWay.TryDequeue(out var behind))
            await behind.Outcome.ConfigureAwait(false);
        return !isLeft;
    }

    private void Store(long offset)
    {
        lock (_storing)
        {
            if (!_mayStore)
                return;
            Handled = offset;
            _store(offset);
        }
    }

    private async Task<KafkaOutcome> DeliverAsync(PubSubMessage message, long offset)
    {
        try
        {
            var failures = 0;
            var firstFailure = 0L;
            while (true)
            {
                var changed = _topic.Changed;
                var (verdict, failure) = _topic.Choose(_number) is { } subscription
                    ? await subscription.HandleAsync(message, _cancel.Token).ConfigureAwait(false)
                    : (KafkaVerdict.Gone, null);
                if (verdict == KafkaVerdict.Handled)
                    return KafkaOutcome.Handled;
                if (verdict == KafkaVerdict.Gone)
                {
                    // The group will hear of it; or another subscription follows before.
                    await changed.WaitAsync(_stop.Token).ConfigureAwait(false);
                    continue;
                }

                if (_stop.IsCancellationRequested)
                    return KafkaOutcome.Left;
                if (++failures == 1)
                    firstFailure = _handling.Time.GetTimestamp();
                if (PauseAfter(failures, firstFailure) is not { } pause)
                {
                    KafkaLog.PassedOver(_handling.Logger, offset, _number, _topic.Name, failures, failure);
                    return KafkaOutcome.PassedOver;
                }

                KafkaLog.HandlerFailed(_handling.Logger, offset, _number, _topic.Name, failures, pause.TotalSeconds, failure);
                await Task.Delay(pause, _handling.Time, _stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            return KafkaOutcome.Left;
        }
    }

    private TimeSpan? PauseAfter(int failures, long firstFailure) =>
        _handling.Retry.PauseAfter(failures, _handling.Time.GetElapsedTime(firstFailure), Random.Shared.NextDouble());
}
