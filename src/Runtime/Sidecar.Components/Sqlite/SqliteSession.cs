using System.Diagnostics;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// One connection with its prepared commands; used by one thread only. Parameters are positional: <c>$1</c>, <c>$2</c> ….
/// </summary>
internal sealed class SqliteSession : IDisposable
{
    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(10);

    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _commands = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SqliteStatement> _statements = new(StringComparer.Ordinal);

    // Never set: waiting on it is the pause between two attempts at a lock, on threads that exist to be blocked.
    private readonly ManualResetEventSlim _never = new(false);
    private readonly string _path;

    static SqliteSession() => Batteries_V2.Init();

    private SqliteSession(SqliteFileOptions options)
    {
        _path = options.Path;
        _connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = options.IsInMemory ? ":memory:" : options.Path,
            Pooling = false,

            // How long the library repeats a read that met a lock (a checkpoint or recovery of another process).
            DefaultTimeout = 10,
        }.ToString());
    }

    /// <exception cref="ComponentException">The database cannot be used.</exception>
    public static SqliteSession Open(SqliteFileOptions options)
    {
        var session = new SqliteSession(options);
        try
        {
            if (!options.IsInMemory)
                Directory.CreateDirectory(Path.GetDirectoryName(options.Path)!);
            session._connection.Open();
            session.Configure(options);
            return session;
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            session.Dispose();
            throw SqliteFault.Describe(options.Path, failure);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Whether SQLite has no transaction open: after a grave error it ends one by itself.</summary>
    public bool IsOutsideTransaction => raw.sqlite3_get_autocommit(_connection.Handle) != 0;

    /// <summary>Runs a statement and returns the number of rows it changed.</summary>
    public int Execute(string sql, params ReadOnlySpan<object?> arguments) => Bind(sql, arguments).ExecuteNonQuery();

    /// <summary>The caller disposes the reader, which readies the command for its next use.</summary>
    public SqliteDataReader Query(string sql, params ReadOnlySpan<object?> arguments) => Bind(sql, arguments).ExecuteReader();

    /// <summary>First column of the first row; null if there is none or it is NULL.</summary>
    public object? Scalar(string sql, params ReadOnlySpan<object?> arguments)
    {
        var value = Bind(sql, arguments).ExecuteScalar();
        return value is DBNull ? null : value;
    }

    /// <summary>
    /// Runs a statement without parameters and gives SQLite's primary result code, so that a lock is a value and not an
    /// exception, and the library's own retry with its 150 ms pauses stays out of it.
    /// </summary>
    public int TryExecute(string sql) => raw.sqlite3_exec(_connection.Handle, sql) & 0xff;

    /// <exception cref="ComponentException">Any result but success.</exception>
    public void Control(string sql) => Check(TryExecute(sql));

    /// <summary>The statement, prepared once. For the few texts that run all the time.</summary>
    public SqliteStatement Prepare(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
            _statements.Add(sql, statement = new SqliteStatement(this, _connection.Handle!, sql));
        return statement;
    }

    public void Check(int code)
    {
        if (code != raw.SQLITE_OK)
            throw Failure(code);
    }

    /// <summary>What SQLite says to the last call.</summary>
    public ComponentException Failure(int code) => new(SqliteFault.Describe(_path, code, raw.sqlite3_errmsg(_connection.Handle).utf8_to_string()));

    /// <summary>
    /// Pauses before the next attempt at a lock. SQLite's own <c>busy_timeout</c> is no use: the bundled library is built
    /// without usleep, so it would wait in whole seconds, or not at all below one. Random, so that processes do not
    /// keep meeting in step.
    /// </summary>
    public void PauseForLock() => _never.Wait(Random.Shared.Next(1, 3));

    public void Dispose()
    {
        foreach (var command in _commands.Values)
            command.Dispose();
        foreach (var statement in _statements.Values)
            statement.Dispose();
        _connection.Dispose();
        _never.Dispose();
    }

    private void Configure(SqliteFileOptions options)
    {
        if (!options.IsInMemory)
            Persist(options.UseWal ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE");

        // After a burst the log is cut back to 64 MiB.
        Persist("PRAGMA journal_size_limit=67108864");
        Persist(options.SynchronousFull ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
        foreach (var pragma in options.Pragmas)
            Persist($"PRAGMA {pragma}");

        // The first read of the file: what is no database, or damaged at its root, is found here.
        Scalar("SELECT count(*) FROM sqlite_master");
    }

    /// <summary>Other processes that open the file at the same moment hold short locks, which the switch to WAL cannot pass.</summary>
    private void Persist(string sql)
    {
        var started = Stopwatch.GetTimestamp();
        int code;
        while ((code = TryExecute(sql)) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && Stopwatch.GetElapsedTime(started) < OpenPatience)
            PauseForLock();
        Check(code);
    }

    private SqliteCommand Bind(string sql, ReadOnlySpan<object?> arguments)
    {
        if (!_commands.TryGetValue(sql, out var command))
        {
            command = _connection.CreateCommand();
            command.CommandText = sql;
            for (var index = 1; index <= arguments.Length; index++)
                command.Parameters.Add(new SqliteParameter($"${index}", null));
            _commands.Add(sql, command);
        }

        for (var index = 0; index < arguments.Length; index++)
            command.Parameters[index].Value = arguments[index] ?? DBNull.Value;
        return command;
    }
}
