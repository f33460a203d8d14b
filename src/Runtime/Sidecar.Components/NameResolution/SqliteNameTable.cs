using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Sidecar.Components.NameResolution;

/// <summary>An address that is registered and live.</summary>
/// <param name="Process">Who registered it; null when another runtime did.</param>
public sealed record NameEntry(string Address, ProcessIdentity? Process);

/// <summary>
/// Addresses of sidecars by app-id, in a SQLite file that processes share: the tables of Dapr's <c>nameresolution.sqlite</c>
/// (contract 6.15), which an official sidecar can go on with. A table of ours beside them holds the owning process of each row,
/// so that the row of a dead process is known to be stale at once instead of after an interval. Calls block for as long as the
/// file is locked: not for socket threads.
/// </summary>
public sealed class SqliteNameTable
{
    /// <summary>For rows of other runtimes, when this one renews none.</summary>
    private static readonly TimeSpan UsualInterval = TimeSpan.FromSeconds(5);

    private readonly SqliteNameOptions _options;
    private readonly string _connectionString;
    private readonly string _hosts;
    private readonly string _owners;

    /// <summary>Opens or makes the file.</summary>
    /// <exception cref="ComponentException">The file cannot be used.</exception>
    public SqliteNameTable(SqliteNameOptions options)
    {
        SQLitePCL.Batteries_V2.Init();
        _options = options;
        _hosts = $"\"{options.TableName}\"";
        _owners = $"\"{options.TableName}_processes\"";
        _connectionString = new SqliteConnectionStringBuilder { DataSource = options.Path, Pooling = false }.ToString();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(options.Path))!);
            Run($"""
                PRAGMA journal_mode={(options.UseWal ? "WAL" : "DELETE")};
                CREATE TABLE IF NOT EXISTS "{options.MetadataTableName}" (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);
                CREATE TABLE IF NOT EXISTS {_hosts} (
                    registration_id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL, app_id TEXT NOT NULL, namespace TEXT NOT NULL DEFAULT '', last_update INTEGER NOT NULL);
                CREATE UNIQUE INDEX IF NOT EXISTS "{options.TableName}_address_idx" ON {_hosts} (address);
                CREATE INDEX IF NOT EXISTS "{options.TableName}_last_update_idx" ON {_hosts} (last_update);
                CREATE TABLE IF NOT EXISTS {_owners} (registration_id TEXT NOT NULL PRIMARY KEY, pid INTEGER NOT NULL, started TEXT NOT NULL);
                INSERT OR IGNORE INTO "{options.MetadataTableName}" (key, value) VALUES ('nr-migrations', '1');
                """);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new ComponentException($"name registry {options.Path} cannot be used: {failure.Message}", failure);
        }
    }

    /// <summary>Registers an address of this process; whoever had it before has it no more.</summary>
    public void Register(string registrationId, string appId, string address, DateTimeOffset now) => Run(
        $"""
        BEGIN IMMEDIATE;
        INSERT OR REPLACE INTO {_hosts} (registration_id, address, app_id, namespace, last_update) VALUES ($id, $address, $app, '', $now);
        INSERT OR REPLACE INTO {_owners} (registration_id, pid, started) VALUES ($id, $pid, $started);
        COMMIT;
        """,
        ("$id", registrationId), ("$address", address), ("$app", appId), ("$now", now.ToUnixTimeSeconds()),
        ("$pid", ProcessIdentity.Current.Pid), ("$started", ProcessIdentity.Current.Started));

    /// <summary>False when the registration is there no more: another has taken the address over.</summary>
    public bool Renew(string registrationId, DateTimeOffset now) =>
        Run($"UPDATE {_hosts} SET last_update = $now WHERE registration_id = $id", ("$id", registrationId), ("$now", now.ToUnixTimeSeconds())) > 0;

    public void Remove(string registrationId) => Run(
        $"DELETE FROM {_hosts} WHERE registration_id = $id; DELETE FROM {_owners} WHERE registration_id = $id", ("$id", registrationId));

    /// <summary>Deletes what nobody has renewed since then, and what is left of rows that are gone.</summary>
    public void Clean(DateTimeOffset before) => Run(
        $"""
        DELETE FROM {_hosts} WHERE last_update < $before;
        DELETE FROM {_owners} WHERE registration_id NOT IN (SELECT registration_id FROM {_hosts});
        """,
        ("$before", before.ToUnixTimeSeconds()));

    /// <summary>Live addresses of the app-id, in the order of their text; rows of dead processes are deleted on the way.</summary>
    public IReadOnlyList<NameEntry> Find(string appId, DateTimeOffset now)
    {
        var live = new List<NameEntry>();
        var dead = new List<string>();
        using (var connection = Open())
        using (var command = Command(
            connection,
            $"""
            SELECT h.registration_id, h.address, h.last_update, p.pid, p.started
            FROM {_hosts} h LEFT JOIN {_owners} p ON p.registration_id = h.registration_id WHERE h.app_id = $app ORDER BY h.address
            """,
            ("$app", appId)))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                var process = reader.IsDBNull(3) ? null : new ProcessIdentity(reader.GetInt32(3), reader.GetString(4));
                if (process?.IsAlive() == false)
                    dead.Add(reader.GetString(0));
                else if (IsFresh(reader.GetInt64(2), process, now))
                    live.Add(new NameEntry(reader.GetString(1), process));
            }
        }

        foreach (var registration in dead)
            Remove(registration);
        return live;
    }

    private bool IsFresh(long lastUpdate, ProcessIdentity? process, DateTimeOffset now) =>
        (_options.UpdateInterval is null && process is not null) ||
        now.ToUnixTimeSeconds() - lastUpdate < (long)(_options.UpdateInterval ?? UsualInterval).TotalSeconds;

    private int Run(string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = Open();
        using var command = Command(connection, sql, parameters);
        return command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(SqliteConnection connection, string sql, params (string Name, object Value)[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        using var command = Command(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout = {(long)_options.BusyTimeout.TotalMilliseconds}"));
        command.ExecuteNonQuery();
        return connection;
    }
}
