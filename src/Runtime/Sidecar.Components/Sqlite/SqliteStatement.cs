using SQLitePCL;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// A prepared statement on SQLite's own interface, for what runs for every message: no object is made for a parameter or a
/// column. As in SQLite, parameters (<c>?1</c>, <c>?2</c> …) count from 1 and columns from 0. Whoever steps resets it before its
/// next use.
/// </summary>
internal sealed class SqliteStatement : IDisposable
{
    private readonly SqliteSession _session;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteSession session, sqlite3 database, string sql)
    {
        _session = session;
        session.Check(raw.sqlite3_prepare_v2(database, sql, out _statement) & 0xff);
    }

    public void Bind(int parameter, long value) => _session.Check(raw.sqlite3_bind_int64(_statement, parameter, value) & 0xff);

    public void Bind(int parameter, long? value)
    {
        if (value is { } number)
            Bind(parameter, number);
        else
            _session.Check(raw.sqlite3_bind_null(_statement, parameter) & 0xff);
    }

    public void Bind(int parameter, string? value) => _session.Check(
        (value is null ? raw.sqlite3_bind_null(_statement, parameter) : raw.sqlite3_bind_text(_statement, parameter, value)) & 0xff);

    // No bytes would be bound as NULL.
    public void Bind(int parameter, ReadOnlySpan<byte> value) => _session.Check(
        (value.IsEmpty ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0) : raw.sqlite3_bind_blob(_statement, parameter, value)) & 0xff);

    /// <summary>True while there is another row.</summary>
    /// <exception cref="ComponentException">The statement failed; it is reset then.</exception>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement) & 0xff;
        if (code is raw.SQLITE_ROW or raw.SQLITE_DONE)
            return code == raw.SQLITE_ROW;
        var failure = _session.Failure(code);
        Reset();
        throw failure;
    }

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Integer(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>Null if the column is.</summary>
    public string? Text(int column) => IsNull(column) ? null : raw.sqlite3_column_text(_statement, column).utf8_to_string();

    public byte[] Bytes(int column) => raw.sqlite3_column_blob(_statement, column).ToArray();

    /// <summary>Readies it for its next use; parameters keep their values.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    /// <summary>Runs a statement that gives no rows.</summary>
    /// <exception cref="ComponentException">It failed.</exception>
    public void Run()
    {
        Step();
        Reset();
    }

    /// <summary>Runs a statement that gives no rows, and returns SQLite's primary result code.</summary>
    public int TryRun()
    {
        var code = raw.sqlite3_step(_statement) & 0xff;
        Reset();
        return code == raw.SQLITE_DONE ? raw.SQLITE_OK : code;
    }

    public void Dispose() => _statement.Dispose();
}
