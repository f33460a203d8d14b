using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Resiliency;

/// <summary>The schedule of one operation's retries, from its first failure on (contract section 4.4).</summary>
/// <param name="random">From 0 to below 1; null = by chance.</param>
internal sealed class RetryRun(RetryPolicy policy, TimeProvider time, Func<double>? random = null)
{
    private const double Growth = 1.5;

    /// <summary>Share of an exponential interval by which its pause is shorter or longer.</summary>
    private const double Spread = 0.5;

    private static readonly TimeSpan FirstInterval = TimeSpan.FromMilliseconds(500);

    private readonly long _began = time.GetTimestamp();
    private TimeSpan _interval = FirstInterval;

    /// <summary>Retries that were allowed until now.</summary>
    public int Count { get; private set; }

    /// <summary>How long to wait before the next retry; null = there is to be none.</summary>
    public TimeSpan? Next()
    {
        if (policy.MaxRetries >= 0 && Count >= policy.MaxRetries)
            return null;
        var pause = policy.IsExponential ? NextExponential() : policy.Duration;
        if (pause is not null)
            Count++;
        return pause;
    }

    // The longest interval limits what pauses spread around, so a pause may exceed it by half.
    private TimeSpan? NextExponential()
    {
        var pause = _interval * (1 - Spread + (2 * Spread * (random ?? Random.Shared.NextDouble)()));
        var grown = _interval * Growth;
        _interval = grown < policy.MaxInterval ? grown : policy.MaxInterval;
        return time.GetElapsedTime(_began) + pause > policy.MaxElapsed ? null : pause;
    }
}
