namespace Sidecar.Components;

/// <summary>
/// Things that several components of one process must have in common: the in-memory broker of a run, the one writer of a
/// SQLite file. Counted: the last lease that is disposed disposes the thing.
/// </summary>
public sealed class SharedResources
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(Type, string), Entry> _entries = [];

    /// <summary>Gets the thing under <paramref name="key"/>, made by <paramref name="create"/> if nobody holds it yet.</summary>
    public SharedLease<T> Acquire<T>(string key, Func<T> create)
        where T : class, IAsyncDisposable
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue((typeof(T), key), out var entry))
                _entries[(typeof(T), key)] = entry = new Entry(create());
            entry.Holders++;
            return new SharedLease<T>((T)entry.Value, () => ReleaseAsync((typeof(T), key), entry));
        }
    }

    private ValueTask ReleaseAsync((Type, string) key, Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Holders > 0)
                return ValueTask.CompletedTask;
            _entries.Remove(key);
        }

        return entry.Value.DisposeAsync();
    }

    private sealed class Entry(IAsyncDisposable value)
    {
        public IAsyncDisposable Value => value;

        public int Holders { get; set; }
    }
}

/// <summary>One holder's claim on a shared thing; dispose it once.</summary>
public sealed class SharedLease<T>(T value, Func<ValueTask> release) : IAsyncDisposable
{
    private int _released;

    public T Value => value;

    public ValueTask DisposeAsync() => Interlocked.Exchange(ref _released, 1) == 0 ? release() : ValueTask.CompletedTask;
}
