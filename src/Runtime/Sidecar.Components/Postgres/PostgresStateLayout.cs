using Npgsql;
using NpgsqlTypes;
using Sidecar.Components.State;

namespace Sidecar.Components.Postgres;

/// <summary>
/// Tables, statements and values of one version of the store, in Dapr's own layout. Times are the server's, which all
/// sidecars have in common. Parameters of a write are the key, the seconds to live, the value (one or two), and the ETag.
/// </summary>
internal abstract class PostgresStateLayout
{
    private readonly string _expires;

    /// <param name="expires">Column of the time after which a row counts as absent.</param>
    protected PostgresStateLayout(string table, string metadataTable, string expires) => (Table, MetadataTable, _expires) = (table, metadataTable, expires);

    /// <summary>What a row that has not expired satisfies.</summary>
    protected string IsLive => $"({_expires} IS NULL OR {_expires} >= now())";

    /// <summary>Seconds of NULL make a time of NULL: no expiry.</summary>
    protected static string Expiry => "now() + make_interval(secs => $2)";

    public string Table { get; }

    public string MetadataTable { get; }

    public abstract PostgresMigrations Migrations { get; }

    /// <summary>Row of the metadata table with the time of the last clean-up.</summary>
    public abstract string CleanupKey { get; }

    public abstract string Read { get; }

    public abstract string Put { get; }

    /// <summary>Takes the key only if nobody has it, or if what is there has expired.</summary>
    public string Insert => $"{Put} WHERE t.{_expires} < now()";

    public abstract string Update { get; }

    public string Delete => $"DELETE FROM {Table} WHERE key = $1";

    public abstract string DeleteVersion { get; }

    /// <summary>Deletes a limited number, so that nobody waits long for a row.</summary>
    public string DeleteExpired => $"DELETE FROM {Table} WHERE key IN (SELECT key FROM {Table} WHERE {_expires} < now() LIMIT $1)";

    /// <summary>Changes a row only if the last clean-up, by whichever process, was longer ago than so many milliseconds.</summary>
    public string ClaimCleanup =>
        $"""
        INSERT INTO {MetadataTable} AS t (key, value) VALUES ($1, now()::text)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE extract(epoch FROM now() - t.value::timestamptz) * 1000 > $2
        """;

    public abstract void AddValue(NpgsqlParameterCollection parameters, StateUpsert upsert);

    /// <summary>Ok, or why the ETag can be of no row.</summary>
    public abstract StateResult TryReadETag(string etag, out NpgsqlParameter parameter);

    /// <summary>Of the columns that <see cref="Read"/> names.</summary>
    public abstract StateItem ToItem(NpgsqlDataReader row);

    public static NpgsqlParameter TimeToLive(StateUpsert upsert) => upsert.TtlInSeconds switch
    {
        < -1 => throw new ComponentException($"ttlInSeconds is {upsert.TtlInSeconds}, expected -1 or more"),
        > 0 and { } seconds => new NpgsqlParameter<double> { TypedValue = seconds },
        _ => new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Double },
    };

    protected static DateTimeOffset? Time(NpgsqlDataReader row, int column) =>
        row.IsDBNull(column) ? null : new DateTimeOffset(row.GetDateTime(column), TimeSpan.Zero);
}
