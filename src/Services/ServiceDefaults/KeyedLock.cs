namespace Shop.ServiceDefaults;

/// <summary>
/// One holder per key within this process, first come first served. It spares the losers of a race their futile ETag writes;
/// what makes the writes right is the ETag, since other processes know nothing of this lock.
/// </summary>
public sealed class KeyedLock
{
    // A key is present while held; its queue holds those who wait for it.
    private readonly Dictionary<string, Queue<TaskCompletionSource>> _held = [];

    /// <summary>Waits for the key; disposing what is returned lets the next one in.</summary>
    public async Task<IDisposable> AcquireAsync(string key, CancellationToken cancellationToken)
    {
        TaskCompletionSource turn;
        lock (_held)
        {
            if (_held.TryAdd(key, new()))
                return new Holder(this, key);
            turn = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _held[key].Enqueue(turn);
        }

        await using (cancellationToken.Register(() => turn.TrySetCanceled(cancellationToken)))
            await turn.Task;
        return new Holder(this, key);
    }

    private void Release(string key)
    {
        lock (_held)
        {
            // One who gave up while waiting cannot be handed the key.
            while (_held[key].TryDequeue(out var next))
            {
                if (next.TrySetResult())
                    return;
            }

            _held.Remove(key);
        }
    }

    private sealed class Holder(KeyedLock owner, string key) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                owner.Release(key);
        }
    }
}
