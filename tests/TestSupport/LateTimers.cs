using Sidecar.Testing;

namespace TestSupport;

/// <summary>
/// Time passes whenever a timer is set, before it is, as when a busy machine takes the thread away just there: what computes a
/// pause from the clock and then waits for so long would wait for a moment that is over.
/// </summary>
public sealed class LateTimers(FakeClock steady, TimeSpan delay) : TimeProvider
{
    /// <inheritdoc/>
    public override long TimestampFrequency => steady.TimestampFrequency;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => steady.GetUtcNow();

    /// <inheritdoc/>
    public override long GetTimestamp() => steady.GetTimestamp();

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Delay(dueTime);
        return new LateTimer(steady.CreateTimer(callback, state, dueTime, period), Delay);
    }

    private void Delay(TimeSpan dueTime)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
            steady.Advance(delay);
    }

    private sealed class LateTimer(ITimer timer, Action<TimeSpan> delay) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            delay(dueTime);
            return timer.Change(dueTime, period);
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
