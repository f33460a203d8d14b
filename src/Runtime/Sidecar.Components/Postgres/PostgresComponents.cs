namespace Sidecar.Components.Postgres;

/// <summary>The component types of this folder.</summary>
internal static class PostgresComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("state.postgresql", "v1", () => new PostgresStateStore(metadata => new PostgresStateLayoutV1(metadata)))
        {
            Aliases = ["state.postgres"],
            Fields = [.. Connection, new("tableName", "Table of the items, or schema.table.", "state"), .. Operation],
        },
        new("state.postgresql", "v2", () => new PostgresStateStore(metadata => new PostgresStateLayoutV2(metadata)))
        {
            Aliases = ["state.postgres"],
            Fields = [.. Connection, new("tablePrefix", "What stands before 'state' in the name of the table, for example dapr_ or a schema with its dot."), .. Operation],
        },
    ];

    private static IEnumerable<ComponentField> Connection =>
    [
        new("connectionString", "host=… user=… password=… dbname=…, or postgres://user:password@host:port/database. Not needed where the parts are given. Best by secretKeyRef.") { Aliases = ["url"] },
        new("host", "Host of the server; takes the place of that part of connectionString, as the following do."),
        new("hostaddr", "Address of the server, without a look-up of its name."),
        new("port", "Port of the server.", "5432"),
        new("database", "Database."),
        new("user", "User."),
        new("password", "The user's password. Best by secretKeyRef."),
        new("sslRootCert", "Path of the authorities to trust, PEM."),
    ];

    private static IEnumerable<ComponentField> Operation =>
    [
        new("metadataTableName", "Table of the store's own data.", "dapr_metadata"),
        new("timeout", "Limit of one operation; at least 1s.", "20s") { Aliases = ["timeoutInSeconds"] },
        new("cleanupInterval", "How often expired items are deleted; 0 = never.", "1h") { Aliases = ["cleanupIntervalInSeconds"] },
        new("maxConns", "Most connections at a time; 0 = the number of processors, at least 4.", "0"),
        new("connectionMaxIdleTime", "How long a connection that nobody uses is kept.", "5m"),
        new("queryExecMode", "cache_statement prepares statements; cache_describe, describe_exec, exec and simple_protocol do not, for poolers that cannot keep them.", "cache_statement"),
        new("useAzureAD", "Not supported here: true is an error.", "false"),
        new("useAWSIAM", "Not supported here: true is an error.", "false"),
    ];
}
