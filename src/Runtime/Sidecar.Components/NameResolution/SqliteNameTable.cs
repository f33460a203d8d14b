using Microsoft.Data.Sqlite;

namespace Sidecar.Components.NameResolution;

/// <summary>
/// Addresses of sidecars by app-id, in a SQLite file that the processes of one run share. The table is that of Dapr's
/// <c>nameresolution.sqlite</c> (contract 6.15) with the owning process beside it, so that the row of a dead process is known
/// to be stale at once instead of after an interval. Calls block for as long as the file is locked: not for socket threads.
/// </summary>
public sealed class SqliteNameTable
{
    private readonly string _connectionString;

    /// <summary>Opens or makes the file.</summary>
    /// <exception cref="ComponentException">The file cannot be used.</exception>
    public SqliteNameTable(string path)
    {
        SQLitePCL.Batteries_V2.Init();
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            Run("""
                PRAGMA journal_mode=WAL;
                CREATE TABLE IF NOT EXISTS hosts (
                    registration_id TEXT NOT NULL PRIMARY KEY, address TEXT NOT NULL UNIQUE, app_id TEXT NOT NULL, namespace TEXT NOT NULL DEFAULT '',
                    last_update INTEGER NOT NULL, pid INTEGER NOT NULL DEFAULT 0, started TEXT NOT NULL DEFAULT '');
                CREATE INDEX IF NOT EXISTS hosts_by_app ON hosts (app_id);
                """);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new ComponentException($"name registry {path} cannot be used: {failure.Message}", failure);
        }
    }

    /// <summary>Registers an address of this process; a stale row of the same address gives way.</summary>
    public void Register(string registrationId, string appId, string address, DateTimeOffset now) => Run(
        "INSERT OR REPLACE INTO hosts (registration_id, address, app_id, last_update, pid, started) VALUES ($id, $address, $app, $now, $pid, $started)",
        ("$id", registrationId), ("$address", address), ("$app", appId), ("$now", now.ToUnixTimeSeconds()),
        ("$pid", ProcessIdentity.Current.Pid), ("$started", ProcessIdentity.Current.Started));

    public void Remove(string registrationId) => Run("DELETE FROM hosts WHERE registration_id = $id", ("$id", registrationId));

    /// <summary>Addresses of the app-id whose process lives; rows of dead ones are deleted on the way.</summary>
    public IReadOnlyList<string> Find(string appId)
    {
        var live = new List<string>();
        var dead = new List<string>();
        using (var connection = Open())
        using (var command = Command(connection, "SELECT registration_id, address, pid, started FROM hosts WHERE app_id = $app ORDER BY address", ("$app", appId)))
        using (var reader = command.ExecuteReader())
        {
            while (reader.Read())
            {
                if (new ProcessIdentity(reader.GetInt32(2), reader.GetString(3)).IsAlive())
                    live.Add(reader.GetString(1));
                else
                    dead.Add(reader.GetString(0));
            }
        }

        foreach (var registration in dead)
            Remove(registration);
        return live;
    }

    private void Run(string sql, params (string Name, object Value)[] parameters)
    {
        using var connection = Open();
        using var command = Command(connection, sql, parameters);
        command.ExecuteNonQuery();
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
        using var command = Command(connection, "PRAGMA busy_timeout = 5000");
        command.ExecuteNonQuery();
        return connection;
    }
}
