using Sidecar.Components.State;

namespace Sidecar.Runtime.State;

/// <summary>Reads many keys of a store: some workers, each taking the next key when it is done with one.</summary>
/// <param name="keys">As the app knows them.</param>
/// <param name="stored">The same keys as the store knows them.</param>
internal sealed class BulkRead(ConfiguredStateStore store, IReadOnlyList<string> keys, string[] stored)
{
    // "All at once" goes no further than this: a store serves no more at a time, and a long list must not become as many tasks.
    private const int MostWorkers = 256;

    private readonly BulkGetResult[] _results = new BulkGetResult[stored.Length];
    private int _taken = -1;
    private int _failures;

    public IReadOnlyList<BulkGetResult> Results => _results;

    /// <summary>Keys at which the store itself failed.</summary>
    public int Failures => _failures;

    /// <summary>What the store said at one of them.</summary>
    public Exception? Failure { get; private set; }

    /// <param name="parallelism">How many keys at a time; ≤ 0 = all.</param>
    public Task RunAsync(int parallelism, CancellationToken cancellationToken)
    {
        var workers = new Task[Math.Min(stored.Length, parallelism <= 0 ? MostWorkers : Math.Min(parallelism, MostWorkers))];
        for (var index = 0; index < workers.Length; index++)
            workers[index] = WorkAsync(cancellationToken);
        return Task.WhenAll(workers);
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        int index;
        while ((index = Interlocked.Increment(ref _taken)) < stored.Length)
            _results[index] = await ReadAsync(keys[index], stored[index], cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<BulkGetResult> ReadAsync(string key, string storedKey, CancellationToken cancellationToken)
    {
        try
        {
            var item = await store.Guarded.GetAsync(storedKey, default, cancellationToken).ConfigureAwait(false);
            return store.TryOpen(ref item, out var problem) ? new BulkGetResult(key, item) : new BulkGetResult(key, Error: problem);
        }
        catch (Exception failure) when (StateEngine.IsOfTheDriver(failure, cancellationToken))
        {
            Interlocked.Increment(ref _failures);
            Failure = failure;
            return new BulkGetResult(key, Error: failure.Message);
        }
    }
}
