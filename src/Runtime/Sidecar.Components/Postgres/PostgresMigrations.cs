using System.Globalization;
using Npgsql;

namespace Sidecar.Components.Postgres;

/// <summary>
/// Brings tables to the present level, by Dapr's own metadata table: the row <c>lock</c> is locked meanwhile, so that of
/// several sidecars that start at once one migrates and the others find it done.
/// </summary>
/// <param name="table">The metadata table.</param>
/// <param name="key">Row that holds the level: how many of the steps are done.</param>
/// <param name="check">Fails where the tables that are there are of another kind; then they are left as they were.</param>
internal sealed class PostgresMigrations(string table, string key, string check, params IReadOnlyList<string> steps)
{
    public async Task<int> ApplyAsync(NpgsqlConnection connection)
    {
        await CreateTableAsync(connection).ConfigureAwait(false);

        // All in one transaction: a sidecar that ends in the middle leaves nothing half done, and the lock free.
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            await ExecuteAsync($"INSERT INTO {table} (key, value) VALUES ('lock', 'lock') ON CONFLICT (key) DO NOTHING").ConfigureAwait(false);
            await ExecuteAsync($"SELECT value FROM {table} WHERE key = 'lock' FOR UPDATE").ConfigureAwait(false);
            var text = await ExecuteAsync($"SELECT value FROM {table} WHERE key = $1", key).ConfigureAwait(false) as string ?? "0";
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level))
                throw new ComponentException($"the row '{key}' of table '{table}' holds '{text}', expected a number; name another table in 'metadataTableName'");
            for (var step = level; step < steps.Count; step++)
                await ExecuteAsync(steps[step]).ConfigureAwait(false);
            await ExecuteAsync(check).ConfigureAwait(false);
            if (level < steps.Count)
            {
                await ExecuteAsync(
                    $"INSERT INTO {table} (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                    key, steps.Count.ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
            }

            await transaction.CommitAsync().ConfigureAwait(false);
            return steps.Count - level;
        }

        Task<object?> ExecuteAsync(string sql, params string[] values) => PostgresMigrations.ExecuteAsync(connection, sql, values);
    }

    /// <summary>PostgreSQL does not lock out another who creates the same table at the same moment; the later of the two fails, and finds it there.</summary>
    private async Task CreateTableAsync(NpgsqlConnection connection)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await ExecuteAsync(connection, $"CREATE TABLE IF NOT EXISTS {table} (key text NOT NULL PRIMARY KEY, value text NOT NULL)").ConfigureAwait(false);
                return;
            }
            catch (PostgresException raced) when (attempt < 3 && raced.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.DuplicateTable or PostgresErrorCodes.DuplicateObject)
            {
                // It is there now.
            }
        }
    }

    private static async Task<object?> ExecuteAsync(NpgsqlConnection connection, string sql, params string[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        await using (command.ConfigureAwait(false))
        {
            foreach (var value in values)
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = value });
            return await command.ExecuteScalarAsync().ConfigureAwait(false);
        }
    }
}
