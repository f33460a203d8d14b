namespace Sidecar.Components.Sqlite;

/// <summary>How long an operation may take.</summary>
/// <param name="Total">From the call to its start; afterwards it runs to its end.</param>
/// <param name="Busy">Of that, waiting for a lock that another process holds.</param>
internal readonly record struct SqliteLimits(TimeSpan Total, TimeSpan Busy);

/// <summary>One piece of work on a database, run on a thread of its <see cref="SqliteFile"/>.</summary>
internal abstract class SqliteOperation
{
    private long _busyTicks;
    private CancellationToken _cancellationToken;

    /// <summary>
    /// True if it writes with more than one statement. It then runs inside a savepoint, so that it leaves nothing behind
    /// when it fails or asks for <see cref="Undo"/>, while its neighbours in the transaction are kept.
    /// </summary>
    public virtual bool NeedsSavepoint => false;

    /// <summary>Set by an operation that decided against what it has written so far.</summary>
    public bool Undo { get; protected set; }

    public bool HasFailed { get; private set; }

    /// <summary>Tick count (ms) after which the operation is no longer begun.</summary>
    public long Deadline { get; private set; }

    /// <summary>Called once, before the operation is queued.</summary>
    public void Limit(SqliteLimits limits, CancellationToken cancellationToken)
    {
        Deadline = Environment.TickCount64 + (long)limits.Total.TotalMilliseconds;
        _busyTicks = (long)limits.Busy.TotalMilliseconds;
        _cancellationToken = cancellationToken;
    }

    /// <summary>Whether it is still to be done; if not, its caller has been told.</summary>
    public bool IsWanted(string path)
    {
        if (_cancellationToken.IsCancellationRequested)
        {
            Fail(new OperationCanceledException(_cancellationToken));
            return false;
        }

        if (Environment.TickCount64 <= Deadline)
            return true;
        Fail(new ComponentException($"'{path}' could not be reached in time ('timeout'); other processes may keep it locked"));
        return false;
    }

    public bool ToleratesBusy(long waitedMilliseconds) => waitedMilliseconds < _busyTicks;

    public abstract void Run(SqliteSession session);

    /// <summary>Hands the result over: what was written is committed.</summary>
    public abstract void Complete();

    public void Fail(Exception failure)
    {
        HasFailed = true;
        Report(failure);
    }

    protected abstract void Report(Exception failure);
}

internal abstract class SqliteOperation<T> : SqliteOperation
{
    // Callers must not run on the database's thread.
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Task => _done.Task;

    public sealed override void Run(SqliteSession session) => _result = Execute(session);

    public sealed override void Complete() => _done.TrySetResult(_result);

    protected abstract T Execute(SqliteSession session);

    protected sealed override void Report(Exception failure)
    {
        if (failure is OperationCanceledException cancelled)
            _done.TrySetCanceled(cancelled.CancellationToken);
        else
            _done.TrySetException(failure);
    }
}
