using Npgsql;
using Sidecar.Components.State;

namespace Sidecar.Components.Postgres;

/// <summary><c>version: v2</c>: values are bytes, the ETag is a UUID of its own, new with every write.</summary>
internal sealed class PostgresStateLayoutV2 : PostgresStateLayout
{
    public PostgresStateLayoutV2(ComponentMetadata metadata)
        : base(PostgresOptions.Name(metadata, "tablePrefix", "") + "state", PostgresOptions.Name(metadata, "metadataTableName", "dapr_metadata"), "expires_at")
    {
        var prefix = metadata.Text("tablePrefix", "");
        CleanupKey = $"last-cleanup-state-v2-{prefix}";
        Migrations = new PostgresMigrations(
            MetadataTable,
            $"migrations-state-v2-{prefix}",
            $"SELECT etag, created_at, updated_at, expires_at FROM {Table} LIMIT 0",
            $"""
            CREATE TABLE IF NOT EXISTS {Table} (key text NOT NULL PRIMARY KEY, value bytea NOT NULL, etag uuid NOT NULL DEFAULT gen_random_uuid(),
            created_at timestamptz NOT NULL DEFAULT now(), updated_at timestamptz, expires_at timestamptz);
            CREATE INDEX ON {Table} (expires_at)
            """,
            $"ALTER TABLE {Table} ADD COLUMN IF NOT EXISTS row_id bigint GENERATED ALWAYS AS IDENTITY");
        Read = $"SELECT value, etag, expires_at FROM {Table} WHERE key = $1 AND {IsLive}";
        Put =
            $"""
            INSERT INTO {Table} AS t (key, value, etag, expires_at) VALUES ($1, $3, gen_random_uuid(), {Expiry})
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = excluded.etag, expires_at = excluded.expires_at, updated_at = now()
            """;
        Update = $"UPDATE {Table} SET value = $3, etag = gen_random_uuid(), expires_at = {Expiry}, updated_at = now() WHERE key = $1 AND etag = $4 AND {IsLive}";
        DeleteVersion = $"{Delete} AND etag = $2";
    }

    public override PostgresMigrations Migrations { get; }

    public override string CleanupKey { get; }

    public override string Read { get; }

    public override string Put { get; }

    public override string Update { get; }

    public override string DeleteVersion { get; }

    public override void AddValue(NpgsqlParameterCollection parameters, StateUpsert upsert) =>
        parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = upsert.Value });

    public override StateResult TryReadETag(string etag, out NpgsqlParameter parameter)
    {
        var isOurs = Guid.TryParse(etag, out var id);
        parameter = new NpgsqlParameter<Guid> { TypedValue = id };
        return isOurs ? StateResult.Ok : StateResult.ETagMismatch;
    }

    public override StateItem ToItem(NpgsqlDataReader row) => new(row.GetFieldValue<byte[]>(0), row.GetGuid(1).ToString(), Time(row, 2));
}
