namespace Sidecar.Grpc;

/// <summary>When calls end.</summary>
public static class Deadlines
{
    /// <summary>Now and the time after it, or the last moment there is.</summary>
    public static DateTimeOffset After(TimeProvider clock, TimeSpan time)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.GetUtcNow();
        return DateTimeOffset.MaxValue - now > time ? now + time : DateTimeOffset.MaxValue;
    }
}
