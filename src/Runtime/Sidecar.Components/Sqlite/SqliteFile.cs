namespace Sidecar.Components.Sqlite;

/// <summary>
/// One SQLite database, shared by all components of the process that use it: one writer thread with group commit and a few
/// reader threads. Other processes may use the same file at the same time.
/// </summary>
internal sealed class SqliteFile : IAsyncDisposable
{
    private const int Capacity = 4096;
    private const int Readers = 2;

    private readonly SqliteFileOptions _options;
    private readonly SqliteQueue _writes = new(Capacity);
    private readonly SqliteQueue _reads = new(Capacity);
    private readonly List<SqliteThread> _threads = [];
    private readonly Lock _lock = new();
    private Task? _opening;

    public SqliteFile(SqliteFileOptions options)
    {
        _options = options;
        _threads.Add(new SqliteThread("sqlite-write", options, _writes, new SqliteWriter(options, _writes).Run));
        if (options.HasReaders)
            _threads.AddRange(Enumerable.Range(0, Readers).Select(_ => new SqliteThread("sqlite-read", options, _reads, Read)));
    }

    public string Path => _options.Path;

    /// <summary>Takes the file from the shared things of the process, opened and with the caller's tables in it.</summary>
    /// <exception cref="ComponentException">The file cannot be used; the message says why and what to do.</exception>
    public static async Task<SharedLease<SqliteFile>> OpenAsync(
        SharedResources shared, SqliteFileOptions options, SqliteScript tables, SqliteLimits limits, CancellationToken cancellationToken)
    {
        var lease = shared.Acquire(options.Key, () => new SqliteFile(options));
        try
        {
            await lease.Value.OpenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            await lease.Value.WriteAsync(tables, limits, cancellationToken).ConfigureAwait(false);
            return lease;
        }
        catch
        {
            await lease.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens the file once, whoever asks first.</summary>
    public Task OpenAsync()
    {
        lock (_lock)
            return _opening ??= OpenThreadsAsync();
    }

    /// <summary>Runs the operation in a transaction and returns its result once that is committed.</summary>
    /// <exception cref="ComponentException">The file cannot be written, or a limit has passed; nothing was written then.</exception>
    public async Task<T> WriteAsync<T>(SqliteOperation<T> operation, SqliteLimits limits, CancellationToken cancellationToken)
    {
        operation.Limit(limits, cancellationToken);
        await _writes.AddAsync(operation, cancellationToken).ConfigureAwait(false);
        return await operation.Task.ConfigureAwait(false);
    }

    /// <summary>Runs an operation that only reads. It sees everything that was committed before the call.</summary>
    public async Task<T> ReadAsync<T>(SqliteOperation<T> operation, SqliteLimits limits, CancellationToken cancellationToken)
    {
        operation.Limit(limits, cancellationToken);
        await (_options.HasReaders ? _reads : _writes).AddAsync(operation, cancellationToken).ConfigureAwait(false);
        return await operation.Task.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        var closed = new ObjectDisposedException(nameof(SqliteFile), $"'{Path}' is closed");
        _writes.Close(closed);
        _reads.Close(closed);
        Task? opening;
        lock (_lock)
            opening = _opening;
        if (opening is null)
            return;
        await opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var thread in _threads)
            await thread.Ended.ConfigureAwait(false);
    }

    /// <summary>The writer first: it makes the file what it is to be, and the readers find it so.</summary>
    private async Task OpenThreadsAsync()
    {
        for (var index = 0; index < _threads.Count; index++)
        {
            try
            {
                await _threads[index].StartAsync().ConfigureAwait(false);
            }
            catch
            {
                _threads.RemoveRange(index + 1, _threads.Count - index - 1);
                throw;
            }
        }
    }

    private void Read(SqliteSession session)
    {
        List<SqliteOperation> one = new(1);
        while (_reads.Take(one, most: 1))
        {
            var operation = one[0];
            one.Clear();
            try
            {
                if (!operation.IsWanted(Path))
                    continue;
                operation.Run(session);
                operation.Complete();
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                operation.Fail(SqliteFault.Describe(Path, failure));
            }
        }
    }
}
