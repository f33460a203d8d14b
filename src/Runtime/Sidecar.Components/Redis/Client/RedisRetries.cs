using System.Globalization;

namespace Sidecar.Components.Redis;

/// <summary>How often and how soon a component tries again.</summary>
/// <param name="Most">Tries after the first.</param>
/// <param name="Shortest">Before the first of them; doubles with each, and is drawn by lot between once and twice that.</param>
internal readonly record struct RedisRetries(int Most, TimeSpan Shortest, TimeSpan Longest)
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static RedisRetries Read(ComponentMetadata metadata, TimeSpan shortest)
    {
        var most = metadata.Integer(metadata.Find("redisMaxRetries") is null ? "maxRetries" : "redisMaxRetries", 3, -1);
        if (metadata.Find("maxRetryBackoff") is { } nanoseconds)
        {
            shortest = long.TryParse(nanoseconds, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? TimeSpan.FromTicks(number / TimeSpan.NanosecondsPerTick)
                : throw new ComponentException($"metadata field 'maxRetryBackoff' is '{nanoseconds}', expected a number of nanoseconds");
        }

        shortest = metadata.Duration("redisMinRetryInterval", shortest, Millisecond);
        var longest = metadata.Duration("redisMaxRetryInterval", TimeSpan.FromMilliseconds(512), Millisecond);
        return new RedisRetries(Math.Max(most, 0), shortest, longest);
    }

    /// <param name="attempt">0 for the first try after a failure.</param>
    public TimeSpan Pause(int attempt)
    {
        if (Shortest <= TimeSpan.Zero || Longest <= TimeSpan.Zero)
            return TimeSpan.Zero;
        var ticks = Shortest.Ticks + (Random.Shared.NextDouble() * Shortest.Ticks * Math.Pow(2, attempt));
        return TimeSpan.FromTicks((long)Math.Min(ticks, Longest.Ticks));
    }
}
