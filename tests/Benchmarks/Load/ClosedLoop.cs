using System.Diagnostics;

namespace Benchmarks.Load;

/// <summary>Every connection sends its next request as soon as it has its answer: shows the throughput.</summary>
internal sealed class ClosedLoop(LoadJob job)
{
    private readonly byte[] _request = job.ToBytes();
    private readonly Latencies _latencies = new();
    private long _begun;
    private long _answered;
    private long _errors;

    public async Task<LoadResult> RunAsync()
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, job.Connections).Select(_ => job.OpenAsync()));
        var began = Stopwatch.GetTimestamp();
        var until = job.Count > 0 ? long.MaxValue : began + (long)(job.Seconds * Stopwatch.Frequency);
        await Task.WhenAll(connections.Select(connection => SendAsync(connection, until)));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        foreach (var connection in connections)
            connection.Dispose();
        return new LoadResult(_answered, _errors, began, seconds, _latencies.Percentile(0.5), _latencies.Percentile(0.99));
    }

    private async Task SendAsync(ILoadConnection connection, long until)
    {
        var request = _request.ToArray();
        for (var due = Stopwatch.GetTimestamp(); due < until && MayBegin(); due = Stopwatch.GetTimestamp())
        {
            if (job.IsStamped)
                Stamp.Write(request);
            if (await connection.SendAsync(request) is >= 200 and < 300)
                Interlocked.Increment(ref _answered);
            else
                Interlocked.Increment(ref _errors);
            _latencies.Add(due, Stopwatch.GetTimestamp());
        }
    }

    private bool MayBegin() => job.Count == 0 || Interlocked.Increment(ref _begun) <= job.Count;
}
