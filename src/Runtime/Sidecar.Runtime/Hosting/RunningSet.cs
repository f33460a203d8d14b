namespace Sidecar.Runtime.Hosting;

/// <summary>
/// What a slice keeps running, each under a key: started when it is wanted, ended when it no longer is. Calls take turns; a stop
/// makes a start under way give up, and nothing starts after it.
/// </summary>
/// <param name="onEndFailed">Is told when something did not end well; the others are ended all the same.</param>
internal sealed class RunningSet<TKey>(Action<TKey, Exception> onEndFailed) : IDisposable
    where TKey : notnull
{
    private readonly Dictionary<TKey, IAsyncDisposable> _running = [];
    private readonly Lock _adding = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Cancelled as soon as the stop begins.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Ends what runs and is not wanted, then starts what is wanted and does not run.</summary>
    /// <param name="start">Null for one that cannot be started now: the next call tries again.</param>
    public async Task AlignAsync(
        IReadOnlyCollection<TKey> wanted, Func<TKey, CancellationToken, Task<IAsyncDisposable?>> start, CancellationToken cancellationToken)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await _turn.WaitAsync(starting.Token).ConfigureAwait(false);
        try
        {
            await EndWhereAsync(key => !wanted.Contains(key)).WaitAsync(starting.Token).ConfigureAwait(false);
            await Task.WhenAll(wanted.Where(key => !_running.ContainsKey(key)).ToList().Select(key => StartAsync(key, start, starting.Token))).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Ends some of what runs; the next <see cref="AlignAsync"/> may start it again.</summary>
    public async Task EndAsync(Predicate<TKey> isMeant, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await EndWhereAsync(isMeant).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <exception cref="OperationCanceledException">The time for it is over; what has not ended goes on ending by itself.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await EndAsync(_ => true, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _stopping.Dispose();
    }

    private async Task StartAsync(TKey key, Func<TKey, CancellationToken, Task<IAsyncDisposable?>> start, CancellationToken cancellationToken)
    {
        if (await start(key, cancellationToken).ConfigureAwait(false) is not { } started)
            return;
        // Kept at once: what has started is ended by the stop also when another start of the same turn gives up.
        lock (_adding)
            _running.Add(key, started);
    }

    private Task EndWhereAsync(Predicate<TKey> isMeant)
    {
        var ending = _running.Where(entry => isMeant(entry.Key)).ToList();
        foreach (var (key, _) in ending)
            _running.Remove(key);
        return Task.WhenAll(ending.Select(entry => EndAsync(entry.Key, entry.Value)));
    }

    private async Task EndAsync(TKey key, IAsyncDisposable running)
    {
        try
        {
            await running.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            onEndFailed(key, failure);
        }
    }
}
