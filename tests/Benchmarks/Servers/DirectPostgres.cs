using Npgsql;
using NpgsqlTypes;

namespace Benchmarks.Servers;

/// <summary>A table of keys and bytes, by Npgsql.</summary>
internal sealed class DirectPostgres : IDirectClient
{
    private readonly NpgsqlDataSource _source;

    private DirectPostgres(NpgsqlDataSource source) => _source = source;

    /// <param name="words">As a component has it: <c>host=… port=… user=… password=… dbname=…</c>.</param>
    public static async Task<DirectPostgres> OpenAsync(string words)
    {
        var builder = new NpgsqlDataSourceBuilder(words.Replace(' ', ';').Replace("dbname=", "database=", StringComparison.Ordinal).Replace("user=", "username=", StringComparison.Ordinal));
        builder.ConnectionStringBuilder.MaxAutoPrepare = 10;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 2;
        var source = builder.Build();
        await using var create = source.CreateCommand("CREATE TABLE IF NOT EXISTS direct(key text PRIMARY KEY, value bytea NOT NULL)");
        await create.ExecuteNonQueryAsync();
        return new DirectPostgres(source);
    }

    public async Task SaveAsync(string key, ReadOnlyMemory<byte> value)
    {
        await using var save = _source.CreateCommand("INSERT INTO direct(key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        save.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        save.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea });
        await save.ExecuteNonQueryAsync();
    }

    public async Task<ReadOnlyMemory<byte>> GetAsync(string key)
    {
        await using var get = _source.CreateCommand("SELECT value FROM direct WHERE key = $1");
        get.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
        return (byte[])(await get.ExecuteScalarAsync())!;
    }

    public Task PublishAsync(string topic, ReadOnlyMemory<byte> message) => throw new NotSupportedException("a database carries no messages");

    public Task SubscribeAsync(string topic, Action<ReadOnlySpan<byte>> take) => throw new NotSupportedException("a database carries no messages");

    public ValueTask DisposeAsync() => _source.DisposeAsync();
}
