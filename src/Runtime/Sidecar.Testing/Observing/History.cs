namespace Sidecar.Testing.Observing;

/// <summary>
/// What has happened, oldest first, and who waits for what comes next. Each entry is given to one wait only, so that two waits
/// for alike things take two things to happen; entries from before the wait count too.
/// </summary>
/// <param name="capacity">The oldest entry beyond it is forgotten.</param>
internal sealed class History<T>(int capacity)
    where T : class
{
    private readonly Lock _lock = new();
    private readonly Queue<Entry> _entries = [];
    private readonly List<Waiter> _waiters = [];

    public IReadOnlyList<T> All
    {
        get
        {
            lock (_lock)
                return [.. _entries.Select(entry => entry.Value)];
        }
    }

    public void Add(T value)
    {
        lock (_lock)
        {
            var entry = new Entry(value);
            _entries.Enqueue(entry);
            if (_entries.Count > capacity)
                _entries.Dequeue();
            var taker = _waiters.Find(waiter => Takes(waiter, value));
            if (taker is null)
                return;
            _waiters.Remove(taker);
            entry.IsGiven = true;
            taker.Found.TrySetResult(value);
        }
    }

    /// <summary>The first entry that matches and that no wait was given before.</summary>
    public async Task<T> NextAsync(Func<T, bool> match, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(match);
        lock (_lock)
        {
            if (_entries.FirstOrDefault(entry => !entry.IsGiven && match(entry.Value)) is { } entry)
            {
                entry.IsGiven = true;
                return entry.Value;
            }

            _waiters.Add(waiter);
        }

        using var onCancelled = cancellationToken.Register(() => GiveUp(waiter, cancellationToken));
        return await waiter.Found.Task.ConfigureAwait(false);
    }

    private void GiveUp(Waiter waiter, CancellationToken cancellationToken)
    {
        lock (_lock)
            _waiters.Remove(waiter);
        waiter.Found.TrySetCanceled(cancellationToken);
    }

    // What a test's condition throws is the test's to see, not the sidecar's in whose thread it was asked.
    private static bool Takes(Waiter waiter, T value)
    {
        try
        {
            return waiter.Match(value);
        }
        catch (Exception wrong)
        {
            waiter.Found.TrySetException(wrong);
            return false;
        }
    }

    private sealed class Entry(T value)
    {
        public T Value => value;

        public bool IsGiven { get; set; }
    }

    private sealed class Waiter(Func<T, bool> match)
    {
        public Func<T, bool> Match => match;

        public TaskCompletionSource<T> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
