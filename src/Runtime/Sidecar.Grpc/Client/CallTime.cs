namespace Sidecar.Grpc;

/// <summary>How long a call of a client may take: its deadline, its caller's token, and its disposal.</summary>
internal sealed class CallTime : IDisposable
{
    public static readonly GrpcStatus DeadlineExceeded = new(StatusCode.DeadlineExceeded, "the deadline has passed");

    public static readonly GrpcStatus Cancelled = new(StatusCode.Cancelled, "the call was cancelled");
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 2);

    private readonly TimeProvider _clock;
    private readonly DateTimeOffset? _deadline;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _caller;
    private readonly CancellationToken _callerToken;
    private volatile bool _isCancelled;

    public CallTime(TimeProvider clock, CallOptions options, CancellationToken caller)
    {
        (_clock, _callerToken) = (clock, caller);
        _deadline = options.Deadline;
        if (options.Timeout is { } timeout && (_deadline is null || Deadlines.After(clock, timeout) < _deadline))
            _deadline = Deadlines.After(clock, timeout);

        _source = Left() is { } left && left > TimeSpan.Zero && left < LongestTimer ? new(left, clock) : new();
        Token = _source.Token;
        _caller = caller.UnsafeRegister(static state => ((CallTime)state!).Fire(), this);
    }

    public CancellationToken Token { get; }

    /// <summary>True if the deadline has passed.</summary>
    public bool IsOver => Left() is { } left && left <= TimeSpan.Zero;

    /// <summary>Time to the deadline; null without one.</summary>
    public TimeSpan? Left() => _deadline - _clock.GetUtcNow();

    public void Cancel()
    {
        _isCancelled = true;
        Fire();
    }

    /// <summary>The status if one of these ended the call; null if something else did.</summary>
    public GrpcStatus? Status() =>
        !Token.IsCancellationRequested ? null
        : _isCancelled || _callerToken.IsCancellationRequested ? Cancelled
        : DeadlineExceeded;

    public void Dispose()
    {
        _caller.Unregister();
        _source.Dispose();
    }

    private void Fire()
    {
        try
        {
            _source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call has just ended by itself.
        }
    }
}
