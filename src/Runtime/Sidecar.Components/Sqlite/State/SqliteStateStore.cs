using System.Text.RegularExpressions;
using Sidecar.Components.State;

namespace Sidecar.Components.Sqlite;

/// <summary><c>state.sqlite</c>: Dapr's own fields and table, so that a file can be carried over in both directions.</summary>
internal sealed partial class SqliteStateStore : IStateStore
{
    private const int MostAtOnce = 500;

    private SharedLease<SqliteFile>? _file;
    private SqliteStateTable _table = null!;
    private SqliteLimits _limits;
    private TimeProvider _time = TimeProvider.System;
    private StateCleanup? _cleanup;

    public StateFeatures Features => StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike;

    private SqliteFile File => _file!.Value;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        // 1. Everything the metadata says, before anything is opened.
        var metadata = context.Metadata;
        var options = SqliteConnectionString.Read(context) with
        {
            UseWal = !metadata.Flag("disableWAL"),
            SynchronousFull = SqliteFileOptions.ReadSynchronous(metadata),
        };
        var timeout = metadata.DurationOf(["timeout", "timeoutInSeconds"], TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(1));
        var interval = metadata.DurationOf(["cleanupInterval", "cleanupIntervalInSeconds"], TimeSpan.Zero, TimeSpan.FromSeconds(1));
        if (timeout < TimeSpan.FromSeconds(1))
            throw new ComponentException("metadata field 'timeout' must be at least 1s");
        _limits = new SqliteLimits(timeout, metadata.Duration("busyTimeout", TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)));
        _table = new SqliteStateTable(TableName(metadata, "tableName", "state"), TableName(metadata, "metadataTableName", "metadata"));
        _time = context.Time;

        // 2. The file and its tables. Several processes may do this at the same moment, so it gets the full time.
        _file = await SqliteFile.OpenAsync(context.Shared, options, _table.Create(), new SqliteLimits(timeout, timeout), cancellationToken).ConfigureAwait(false);

        // 3. Expired rows are invisible at once; deleting them is a matter of space, and off unless asked for.
        _cleanup = new StateCleanup(interval, stopping => DeleteExpiredAsync(interval, stopping), _time, context.Logger);
    }

    public async ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken)
    {
        var read = new ReadState(_table, key, SqliteStateTable.Text(_time.GetUtcNow()));
        var row = await File.ReadAsync(read, _limits, cancellationToken).ConfigureAwait(false);
        return row?.ToItem();
    }

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) => WriteAsync(upsert, cancellationToken);

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) => WriteAsync(delete, cancellationToken);

    public async ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var prepared = new PreparedState[operations.Count];
        for (var index = 0; index < prepared.Length; index++)
            prepared[index] = new PreparedState(_table, operations[index], now);
        return await File.WriteAsync(new TransactState(prepared), _limits, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
            await _cleanup.DisposeAsync().ConfigureAwait(false);
        if (_file is not null)
            await _file.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<StateResult> WriteAsync(StateOperation operation, CancellationToken cancellationToken) =>
        await File.WriteAsync(new WriteState(new PreparedState(_table, operation, _time.GetUtcNow())), _limits, cancellationToken).ConfigureAwait(false);

    private async Task DeleteExpiredAsync(TimeSpan interval, CancellationToken stopping)
    {
        var now = _time.GetUtcNow();
        if (!await File.WriteAsync(new ClaimCleanup(_table, now, interval), _limits, stopping).ConfigureAwait(false))
            return;
        while (await File.WriteAsync(new DeleteExpiredState(_table, now, MostAtOnce), _limits, stopping).ConfigureAwait(false) == MostAtOnce)
        {
        }
    }

    private static string TableName(ComponentMetadata metadata, string field, string defaultValue)
    {
        var name = metadata.Text(field, defaultValue);
        return TableForm().IsMatch(name)
            ? name
            : throw new ComponentException($"metadata field '{field}' is '{name}', expected letters, digits and '_' only");
    }

    [GeneratedRegex("^[A-Za-z0-9_]+$")]
    private static partial Regex TableForm();
}
