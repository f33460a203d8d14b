namespace Sidecar.Grpc;

internal static class Deadlines
{
    /// <summary>Now and the time after it, or the last moment there is.</summary>
    public static DateTimeOffset After(TimeProvider clock, TimeSpan time)
    {
        var now = clock.GetUtcNow();
        return DateTimeOffset.MaxValue - now > time ? now + time : DateTimeOffset.MaxValue;
    }
}
