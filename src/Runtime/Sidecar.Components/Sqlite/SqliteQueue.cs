namespace Sidecar.Components.Sqlite;

/// <summary>
/// Bounded queue between asynchronous callers, who await a free place, and dedicated threads, which block for work.
/// </summary>
internal sealed class SqliteQueue(int capacity)
{
    private readonly SemaphoreSlim _places = new(capacity);
    private readonly Queue<SqliteOperation> _waiting = new();

    // A plain object, because System.Threading.Lock has no Wait and Pulse.
    private readonly object _gate = new();
    private Exception? _closed;

    public async ValueTask AddAsync(SqliteOperation operation, CancellationToken cancellationToken)
    {
        if (!_places.Wait(0, cancellationToken))
            await _places.WaitAsync(cancellationToken).ConfigureAwait(false);
        lock (_gate)
        {
            if (_closed is null)
            {
                _waiting.Enqueue(operation);
                Monitor.Pulse(_gate);
                return;
            }
        }

        _places.Release();
        operation.Fail(_closed);
    }

    /// <summary>Blocks until there is work, and moves up to <paramref name="most"/> operations into the empty <paramref name="batch"/>.</summary>
    /// <returns>False once the queue is closed and empty.</returns>
    public bool Take(List<SqliteOperation> batch, int most)
    {
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                if (_closed is not null)
                    return false;
                Monitor.Wait(_gate);
            }

            while (batch.Count < most && _waiting.TryDequeue(out var operation))
                batch.Add(operation);
        }

        _places.Release(batch.Count);
        return true;
    }

    /// <summary>No more work is taken in; what waits is still done.</summary>
    public void Close(Exception reason)
    {
        lock (_gate)
        {
            _closed ??= reason;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>For a thread that cannot go on: everything that waits fails, and so does what comes later.</summary>
    public void Abort(Exception reason)
    {
        Close(reason);
        List<SqliteOperation> left = [];
        lock (_gate)
        {
            while (_waiting.TryDequeue(out var operation))
                left.Add(operation);
        }

        foreach (var operation in left)
            operation.Fail(reason);
    }
}
