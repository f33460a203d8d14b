using Microsoft.Extensions.Logging;

namespace Sidecar.Grpc;

/// <summary>One token for all that ends a call early (the client, its deadline, the host), and the memory of which came first.</summary>
internal sealed class CallCancellation
{
    // Longer than a timer can be set; a deadline so far away is none.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 2);

    private readonly CancellationTokenSource _source = new();
    private readonly ILogger _log;
    private CancellationTokenRegistration _client;
    private CancellationTokenRegistration _stopping;
    private ITimer? _deadline;
    private int _end;

    public CallCancellation(ILogger log) => _log = log;

    public CancellationToken Token => _source.Token;

    public CallEnd End => (CallEnd)Volatile.Read(ref _end);

    public void Begin(CancellationToken client, CancellationToken stopping, TimeSpan? timeout, TimeProvider clock)
    {
        _client = client.UnsafeRegister(static state => ((CallCancellation)state!).Cancel(CallEnd.ClientGone), this);
        _stopping = stopping.UnsafeRegister(static state => ((CallCancellation)state!).Cancel(CallEnd.Stopping), this);
        if (timeout is { } due && due < LongestTimer)
            _deadline = clock.CreateTimer(static state => ((CallCancellation)state!).Cancel(CallEnd.Deadline), this, due, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Lets go of all that could end the call. The source stays usable, because a late callback may still hold it.</summary>
    public void Release()
    {
        _client.Unregister();
        _stopping.Unregister();
        _deadline?.Dispose();
    }

    private void Cancel(CallEnd end)
    {
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)CallEnd.None) != (int)CallEnd.None)
            return;
        try
        {
            _source.Cancel();
        }
        catch (AggregateException failure)
        {
            // A callback of the handler threw. Nobody above could answer for it: this runs on a timer or a socket thread.
            _log.CancellationCallbackFailed(failure);
        }
    }
}
