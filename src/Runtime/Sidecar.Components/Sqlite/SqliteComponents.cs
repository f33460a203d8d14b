namespace Sidecar.Components.Sqlite;

/// <summary>The component types of this folder.</summary>
internal static class SqliteComponents
{
    private static readonly ComponentField Connection =
        new("connectionString", "Path of the file (relative to the app's folder), a file: URI, or :memory:. Made if it does not exist.", Required: true)
        {
            Aliases = ["url"],
        };

    private static readonly ComponentField Synchronous =
        new("synchronous", "NORMAL: acknowledged data survives the death of the process. FULL: also a power cut, at the price of a flush per commit.", "NORMAL");

    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("state.sqlite", "v1", () => new SqliteStateStore())
        {
            Aliases = ["state.sqlite3"],
            Fields =
            [
                Connection,
                new("timeout", "Limit of one operation.", "20s") { Aliases = ["timeoutInSeconds"] },
                new("busyTimeout", "How long to wait for a lock that another process holds.", "2s"),
                new("disableWAL", "Use a rollback journal in place of the write-ahead log.", "false"),
                new("tableName", "Table of the items; letters, digits and _.", "state"),
                new("metadataTableName", "Table of the store's own data; letters, digits and _.", "metadata"),
                new("cleanupInterval", "How often expired items are deleted from the file; 0 = never.", "0") { Aliases = ["cleanupIntervalInSeconds"] },
                Synchronous,
            ],
        },
        new("pubsub.sqlite", "v1", () => new SqlitePubSub())
        {
            Fields =
            [
                Connection,
                new("consumerID", "Consumer group: its members share the messages of a topic, every group gets all of them.", "the app id"),
                new("maxInFlight", "Messages that one subscription handles at the same time.", "100"),
                new("processingTimeout", "Limit of handling one message; afterwards it is cancelled and delivered again.", "60s"),
                new("redeliverInterval", "Pause before a message that failed is delivered again; doubles with each attempt.", "1s"),
                new("maxRedeliverInterval", "Longest pause between two deliveries of a message that fails.", "10s"),
                new("drainTimeout", "How long a subscription that ends waits for its handlers before it cancels them.", "5s"),
                new("retention", "Age at which messages that every consumer group has passed are deleted.", "168h"),
                new("cleanupInterval", "How often messages past retention or time to live are deleted.", "1m"),
                new("pollInterval", "How often the file is looked into for messages whose wake-up was lost.", "500ms"),
                Synchronous,
            ],
        },
    ];
}
