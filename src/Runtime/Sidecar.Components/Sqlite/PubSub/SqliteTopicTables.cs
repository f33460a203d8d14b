namespace Sidecar.Components.Sqlite;

/// <summary>
/// The tables of <c>pubsub.sqlite</c>. A group has a position in its topic, before which every message was handed out once.
/// What was handed out and is not settled has a lease: invisible until <c>visible_at</c>, then up for delivery again.
/// Times are milliseconds since 1970 (UTC). Ids grow in the order of the commits, because there is one writer at a time.
/// </summary>
internal static class SqliteTopicTables
{
    public static SqliteScript Create() => new(
        """
        CREATE TABLE IF NOT EXISTS pubsub_messages(id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, published_at INTEGER NOT NULL,
        expires_at INTEGER, content_type TEXT, metadata TEXT, data BLOB NOT NULL)
        """,
        "CREATE INDEX IF NOT EXISTS pubsub_messages_topic ON pubsub_messages(topic, id)",
        "CREATE INDEX IF NOT EXISTS pubsub_messages_expiry ON pubsub_messages(expires_at) WHERE expires_at IS NOT NULL",
        """
        CREATE TABLE IF NOT EXISTS pubsub_groups(id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, consumer_group TEXT NOT NULL,
        position INTEGER NOT NULL, UNIQUE(topic, consumer_group))
        """,
        """
        CREATE TABLE IF NOT EXISTS pubsub_leases(group_id INTEGER NOT NULL, message_id INTEGER NOT NULL, consumer_id INTEGER,
        visible_at INTEGER NOT NULL, attempts INTEGER NOT NULL, PRIMARY KEY(group_id, message_id)) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS pubsub_leases_visible ON pubsub_leases(group_id, visible_at)",

        // Brokers with subscriptions: who holds leases, and the loopback port that wakes them.
        "CREATE TABLE IF NOT EXISTS pubsub_consumers(id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT NOT NULL, port INTEGER NOT NULL)");
}
