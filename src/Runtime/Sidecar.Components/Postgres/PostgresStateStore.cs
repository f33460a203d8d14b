using Npgsql;
using Sidecar.Components.State;

namespace Sidecar.Components.Postgres;

/// <summary><c>state.postgresql</c>: Dapr's own fields and tables, so that either can go on with the other's. One round trip for a get or a set.</summary>
internal sealed class PostgresStateStore(Func<ComponentMetadata, PostgresStateLayout> layoutOf) : IStateStore
{
    private const int MostAtOnce = 1000;

    private PostgresStateLayout _layout = null!;
    private PostgresDatabase? _database;
    private StateCleanup? _cleanup;

    public StateFeatures Features => StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike;

    private PostgresDatabase Database => _database!;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        // 1. Everything the metadata says, before anything is opened.
        var options = PostgresOptions.Read(context);
        _layout = layoutOf(context.Metadata);

        // 2. The server and its tables.
        var database = _database = new PostgresDatabase(options, context.Time);
        await BackendStart.ConnectAsync("PostgreSQL", database.PingAsync, PostgresFault.MayPass, context.Time, context.Logger, cancellationToken).ConfigureAwait(false);
        await database.WriteAsync(_layout.Migrations.ApplyAsync, cancellationToken).ConfigureAwait(false);

        // 3.
        _cleanup = new StateCleanup(options.CleanupInterval, stopping => DeleteExpiredAsync(options.CleanupInterval, stopping), context.Time, context.Logger);
    }

    public async ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken) => await Database.ReadAsync(
        async connection =>
        {
            var command = new NpgsqlCommand(_layout.Read, connection);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(Key(key));
                var rows = await command.ExecuteReaderAsync().ConfigureAwait(false);
                await using (rows.ConfigureAwait(false))
                    return await rows.ReadAsync().ConfigureAwait(false) ? _layout.ToItem(rows) : null;
            }
        },
        cancellationToken).ConfigureAwait(false);

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) => ApplyAsync(upsert, cancellationToken);

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) => ApplyAsync(delete, cancellationToken);

    /// <summary>All statements go out together; what one of them finds decides whether they stay.</summary>
    public async ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken)
    {
        if (operations.Count <= 1)
            return operations.Count == 0 ? StateResult.Ok : await ApplyAsync(operations[0], cancellationToken).ConfigureAwait(false);
        return await Database.WriteAsync(connection => TransactAsync(connection, operations), cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_cleanup is not null)
            await _cleanup.DisposeAsync().ConfigureAwait(false);
        if (_database is not null)
            await _database.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>One turn of the clean-up. It does nothing when another process has had one within the interval.</summary>
    internal async Task DeleteExpiredAsync(TimeSpan interval, CancellationToken cancellationToken)
    {
        // Timers of several processes are not in step; a tenth of the interval is no reason to leave out a turn.
        var claimed = await ExecuteAsync(
            _layout.ClaimCleanup,
            parameters =>
            {
                parameters.Add(Key(_layout.CleanupKey));
                parameters.Add(new NpgsqlParameter<double> { TypedValue = interval.TotalMilliseconds * 0.9 });
            },
            cancellationToken).ConfigureAwait(false);
        if (claimed == 0)
            return;
        while (await ExecuteAsync(_layout.DeleteExpired, static parameters => parameters.Add(new NpgsqlParameter<int> { TypedValue = MostAtOnce }), cancellationToken).ConfigureAwait(false) == MostAtOnce)
        {
        }
    }

    private async ValueTask<StateResult> ApplyAsync(StateOperation operation, CancellationToken cancellationToken)
    {
        if (Prepare(operation, out var sql, out var parameters) is var problem && problem != StateResult.Ok)
            return problem;
        var changed = await ExecuteAsync(sql, parameters, cancellationToken).ConfigureAwait(false);

        // Dapr's own component has no other word for it, and no status of its own.
        return IsDone(operation, changed) ? StateResult.Ok
            : operation.HasETag ? StateResult.ETagMismatch
            : throw new ComponentException($"no item was updated: first-write found the key '{operation.Key}' taken");
    }

    private async Task<StateResult> TransactAsync(NpgsqlConnection connection, IReadOnlyList<StateOperation> operations)
    {
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            var batch = new NpgsqlBatch(connection, transaction);
            await using (batch.ConfigureAwait(false))
            {
                foreach (var operation in operations)
                {
                    if (Prepare(operation, out var sql, out var parameters) is var problem && problem != StateResult.Ok)
                        return problem;
                    var command = new NpgsqlBatchCommand(sql);
                    parameters(command.Parameters);
                    batch.BatchCommands.Add(command);
                }

                await batch.ExecuteNonQueryAsync().ConfigureAwait(false);

                // Without a commit, everything is undone.
                for (var index = 0; index < operations.Count; index++)
                {
                    if (!IsDone(operations[index], (int)batch.BatchCommands[index].RecordsAffected))
                        return StateResult.ETagMismatch;
                }
            }

            await transaction.CommitAsync().ConfigureAwait(false);
            return StateResult.Ok;
        }
    }

    private StateResult Prepare(StateOperation operation, out string sql, out Action<NpgsqlParameterCollection> parameters)
    {
        NpgsqlParameter? etag = null;
        (sql, parameters) = ("", _ => { });
        if (operation.HasETag && _layout.TryReadETag(operation.ETag!, out etag) is var problem && problem != StateResult.Ok)
            return problem;
        sql = (operation, operation.HasETag, operation.Concurrency) switch
        {
            (StateUpsert, true, _) => _layout.Update,
            (StateUpsert, false, StateConcurrency.FirstWrite) => _layout.Insert,
            (StateUpsert, false, _) => _layout.Put,
            (_, true, _) => _layout.DeleteVersion,
            (_, false, _) => _layout.Delete,
        };
        parameters = collection =>
        {
            collection.Add(Key(operation.Key));
            if (operation is StateUpsert upsert)
            {
                collection.Add(PostgresStateLayout.TimeToLive(upsert));
                _layout.AddValue(collection, upsert);
            }

            if (etag is not null)
                collection.Add(etag);
        };
        return StateResult.Ok;
    }

    /// <summary>Deleting what is not there is a success.</summary>
    private static bool IsDone(StateOperation operation, int changed) => changed > 0 || operation is StateDelete { HasETag: false };

    private static NpgsqlParameter<string> Key(string key) => new() { TypedValue = key };

    private Task<int> ExecuteAsync(string sql, Action<NpgsqlParameterCollection> parameters, CancellationToken cancellationToken) => Database.WriteAsync(
        async connection =>
        {
            var command = new NpgsqlCommand(sql, connection);
            await using (command.ConfigureAwait(false))
            {
                parameters(command.Parameters);
                return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            }
        },
        cancellationToken);
}
