using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Benchmarks.Load;

/// <summary>
/// Requests fall due at a fixed rate, and are timed from when they were due even if no connection was free then: an answer
/// that takes long cannot hide those behind it.
/// </summary>
internal sealed partial class OpenLoop(LoadJob job)
{
    private readonly byte[] _request = job.ToBytes();
    private readonly Latencies _latencies = new();
    private readonly Lock _lock = new();
    private readonly Stack<ILoadConnection> _free = new();
    private readonly Queue<long> _overdue = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _left;
    private long _errors;

    public async Task<LoadResult> RunAsync()
    {
        var connections = await Task.WhenAll(Enumerable.Range(0, job.Connections).Select(_ => job.OpenAsync()));
        foreach (var connection in connections)
            _free.Push(connection);
        var count = job.Count > 0 ? job.Count : (long)(job.Rate * job.Seconds);
        _left = count;
        var began = Stopwatch.GetTimestamp();
        new Thread(() => Pace(began, count)) { IsBackground = true, Priority = ThreadPriority.AboveNormal }.Start();
        await _done.Task;
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        foreach (var connection in connections)
            connection.Dispose();
        return new LoadResult(count - _errors, _errors, began, seconds, _latencies.Percentile(0.5), _latencies.Percentile(0.99));
    }

    // A thread of its own, because timers of the runtime are no finer than a millisecond.
    private void Pace(long began, long count)
    {
        SetTimerSlack();
        for (long number = 0; number < count; number++)
        {
            var due = began + (long)(number * Stopwatch.Frequency / job.Rate);
            while (Stopwatch.GetTimestamp() is var now && now < due)
                Sleep(due - now);
            Begin(due);
        }
    }

    private void Begin(long due)
    {
        ILoadConnection? connection;
        lock (_lock)
        {
            if (!_free.TryPop(out connection))
                _overdue.Enqueue(due);
        }

        if (connection is not null)
            _ = SendAsync(connection, due);
    }

    private async Task SendAsync(ILoadConnection connection, long due)
    {
        try
        {
            var request = job.IsStamped ? _request.ToArray() : _request;
            while (true)
            {
                if (job.IsStamped)
                    Stamp.Write(request);
                if (await connection.SendAsync(request) is not (>= 200 and < 300))
                    Interlocked.Increment(ref _errors);
                _latencies.Add(due, Stopwatch.GetTimestamp());
                if (Interlocked.Decrement(ref _left) == 0)
                    _done.TrySetResult();
                lock (_lock)
                {
                    if (!_overdue.TryDequeue(out due))
                    {
                        _free.Push(connection);
                        return;
                    }
                }
            }
        }
        catch (Exception failure)
        {
            _done.TrySetException(failure);
        }
    }

    private static void Sleep(long ticks)
    {
        var time = new TimeSpec { Nanoseconds = Math.Min(999_999_999, ticks * 1_000_000_000 / Stopwatch.Frequency) };
        Nanosleep(ref time, 0);
    }

    // The system may wake a thread up to 50 µs late to save power, which would be all one sees here.
    private static void SetTimerSlack()
    {
        const int setTimerSlack = 29;
        Prctl(setTimerSlack, 1);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Nanosleep(ref TimeSpec time, nint left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int Prctl(int option, nuint value);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public long Nanoseconds;
    }
}
