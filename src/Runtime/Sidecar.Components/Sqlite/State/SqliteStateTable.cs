using System.Globalization;
using System.Text;
using Sidecar.Components.State;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// The statements of one state table, in Dapr's own layout: an official sidecar can go on with the file. Times are UTC
/// text as SQLite's CURRENT_TIMESTAMP writes it, with milliseconds behind; as text they sort in the order of time.
/// </summary>
internal sealed class SqliteStateTable(string table, string metadataTable)
{
    private const string TimeForm = "yyyy-MM-dd HH:mm:ss.fff";

    public string Read { get; } =
        $"SELECT value, is_binary, etag, expiration_time FROM \"{table}\" WHERE key=$1 AND (expiration_time IS NULL OR expiration_time>$2)";

    public string Put { get; } =
        $"INSERT OR REPLACE INTO \"{table}\"(key, value, is_binary, etag, expiration_time) VALUES ($1, $2, $3, $4, $5)";

    /// <summary>First write: takes the key only if nobody has it, or if what is there has expired.</summary>
    public string Insert { get; } =
        $"""
        INSERT INTO "{table}"(key, value, is_binary, etag, expiration_time) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT(key) DO UPDATE SET value=excluded.value, is_binary=excluded.is_binary, etag=excluded.etag,
        expiration_time=excluded.expiration_time, update_time=CURRENT_TIMESTAMP WHERE expiration_time<=$6
        """;

    public string Update { get; } =
        $"""
        UPDATE "{table}" SET value=$2, is_binary=$3, etag=$4, expiration_time=$5, update_time=CURRENT_TIMESTAMP
        WHERE key=$1 AND etag=$7 AND (expiration_time IS NULL OR expiration_time>$6)
        """;

    public string Delete { get; } = $"DELETE FROM \"{table}\" WHERE key=$1";

    public string DeleteVersion { get; } =
        $"DELETE FROM \"{table}\" WHERE key=$1 AND etag=$2 AND (expiration_time IS NULL OR expiration_time>$3)";

    public string DeleteExpired { get; } = $"DELETE FROM \"{table}\" WHERE key IN (SELECT key FROM \"{table}\" WHERE expiration_time<=$1 LIMIT $2)";

    /// <summary>Changes a row only if the last clean-up, by whichever process, was before $2.</summary>
    public string ClaimCleanup { get; } =
        $"INSERT INTO \"{metadataTable}\"(key, value) VALUES ('last-cleanup', $1) ON CONFLICT(key) DO UPDATE SET value=excluded.value WHERE value<$2";

    public SqliteScript Create() => new(
        $"""
        CREATE TABLE IF NOT EXISTS "{metadataTable}"(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)
        """,
        $"""
        CREATE TABLE IF NOT EXISTS "{table}"(key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL, is_binary BOOLEAN NOT NULL,
        etag TEXT NOT NULL, expiration_time TIMESTAMP DEFAULT NULL, update_time TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)
        """,

        // Not of the official layout, which neither knows nor minds it: without it the whole table is read to find what has expired.
        $"CREATE INDEX IF NOT EXISTS \"{table}_expiration_time\" ON \"{table}\"(expiration_time) WHERE expiration_time IS NOT NULL",
        $"INSERT OR IGNORE INTO \"{metadataTable}\"(key, value) VALUES ('migrations', '1')");

    public static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeForm, CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
}

/// <summary>A row as it was read.</summary>
internal sealed record SqliteStateRow(string Value, bool IsBinary, string ETag, string? Expiration)
{
    public StateItem ToItem() => new(
        IsBinary ? Convert.FromBase64String(Value) : Encoding.UTF8.GetBytes(Value),
        ETag,
        Expiration is null ? null : SqliteStateTable.Time(Expiration));
}
