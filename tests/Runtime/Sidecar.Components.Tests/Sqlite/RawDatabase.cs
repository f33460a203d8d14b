using Microsoft.Data.Sqlite;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>Looks into a file, and writes to it, as any other program would.</summary>
internal sealed class RawDatabase : IDisposable
{
    private readonly SqliteConnection _connection;

    static RawDatabase() => SQLitePCL.Batteries_V2.Init();

    public RawDatabase(string path)
    {
        _connection = new SqliteConnection($"Data Source={path};Pooling=False");
        _connection.Open();
    }

    public int Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    public object? Scalar(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    public long Count(string table) => (long)Scalar($"SELECT count(*) FROM {table}")!;

    /// <summary>How SQLite would find the rows.</summary>
    public string Plan(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"EXPLAIN QUERY PLAN {sql}";
        using var rows = command.ExecuteReader();
        List<string> steps = [];
        while (rows.Read())
            steps.Add(rows.GetString(3));
        return string.Join('\n', steps);
    }

    public void Dispose() => _connection.Dispose();
}
