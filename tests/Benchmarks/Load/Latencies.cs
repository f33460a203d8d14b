using System.Diagnostics;

namespace Benchmarks.Load;

/// <summary>Counts of durations by microsecond, up to half a second; what took longer counts as that. Threads may add at once.</summary>
internal sealed class Latencies
{
    private const int Longest = 500_000;

    private readonly int[] _counts = new int[Longest + 1];

    /// <summary>Both are timestamps of <see cref="Stopwatch"/>.</summary>
    public void Add(long from, long to) =>
        Interlocked.Increment(ref _counts[(int)Math.Clamp((to - from) * 1_000_000 / Stopwatch.Frequency, 0, Longest)]);

    /// <summary>Microseconds that the given part of the durations did not exceed; 0 when there are none.</summary>
    public double Percentile(double part)
    {
        var wanted = (long)Math.Ceiling(_counts.Sum(count => (long)count) * part);
        long seen = 0;
        for (var microseconds = 0; microseconds <= Longest && wanted > 0; microseconds++)
        {
            seen += _counts[microseconds];
            if (seen >= wanted)
                return microseconds;
        }

        return 0;
    }

    public void Clear() => Array.Clear(_counts);
}
