using System.Globalization;
using System.Text;
using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sidecar.Components.State;

namespace Sidecar.Components.Postgres;

/// <summary>
/// <c>version: v1</c>: values are <c>jsonb</c>, which comes back in PostgreSQL's own spelling; other bytes are a JSON string of
/// their base64. The ETag is <c>xmin</c>, the number of the transaction that wrote the row.
/// </summary>
internal sealed class PostgresStateLayoutV1 : PostgresStateLayout
{
    public PostgresStateLayoutV1(ComponentMetadata metadata)
        : base(PostgresOptions.Name(metadata, "tableName", "state"), PostgresOptions.Name(metadata, "metadataTableName", "dapr_metadata"), "expiredate")
    {
        Migrations = new PostgresMigrations(
            MetadataTable,
            "migrations",
            $"SELECT isbinary, insertdate, updatedate, expiredate FROM {Table} LIMIT 0",
            $"""
            CREATE TABLE IF NOT EXISTS {Table} (key text NOT NULL PRIMARY KEY, value jsonb NOT NULL, isbinary boolean NOT NULL,
            insertdate timestamptz NOT NULL DEFAULT now(), updatedate timestamptz NULL)
            """,
            $"ALTER TABLE {Table} ADD COLUMN IF NOT EXISTS expiredate timestamptz NULL",
            $"""
            ALTER TABLE {Table} ADD COLUMN IF NOT EXISTS row_id bigint GENERATED ALWAYS AS IDENTITY;
            CREATE UNIQUE INDEX IF NOT EXISTS {Table[(Table.IndexOf('.', StringComparison.Ordinal) + 1)..]}_row_id_uidx ON {Table} (row_id)
            """);
        Read = $"SELECT value, isbinary, xmin, expiredate FROM {Table} WHERE key = $1 AND {IsLive}";
        Put =
            $"""
            INSERT INTO {Table} AS t (key, value, isbinary, expiredate) VALUES ($1, $3, $4, {Expiry})
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, isbinary = excluded.isbinary, expiredate = excluded.expiredate, updatedate = now()
            """;
        Update = $"UPDATE {Table} SET value = $3, isbinary = $4, expiredate = {Expiry}, updatedate = now() WHERE key = $1 AND xmin = $5 AND {IsLive}";
        DeleteVersion = $"{Delete} AND xmin = $2";
    }

    public override PostgresMigrations Migrations { get; }

    public override string CleanupKey => "last-cleanup";

    public override string Read { get; }

    public override string Put { get; }

    public override string Update { get; }

    public override string DeleteVersion { get; }

    public override void AddValue(NpgsqlParameterCollection parameters, StateUpsert upsert)
    {
        var json = upsert.IsJson ? Encoding.UTF8.GetString(upsert.Value.Span) : $"\"{Convert.ToBase64String(upsert.Value.Span)}\"";
        parameters.Add(new NpgsqlParameter { Value = json, NpgsqlDbType = NpgsqlDbType.Jsonb });
        parameters.Add(new NpgsqlParameter<bool> { TypedValue = !upsert.IsJson });
    }

    public override StateResult TryReadETag(string etag, out NpgsqlParameter parameter)
    {
        var isOurs = uint.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out var transaction);
        parameter = new NpgsqlParameter { Value = transaction, NpgsqlDbType = NpgsqlDbType.Xid };
        return isOurs ? StateResult.Ok : StateResult.ETagInvalid;
    }

    public override StateItem ToItem(NpgsqlDataReader row)
    {
        var json = row.GetString(0);
        var value = row.GetBoolean(1) ? Convert.FromBase64String(JsonSerializer.Deserialize<string>(json) ?? "") : Encoding.UTF8.GetBytes(json);
        return new StateItem(value, row.GetFieldValue<uint>(2).ToString(CultureInfo.InvariantCulture), Time(row, 3));
    }
}
