namespace Sidecar.Components.Sqlite;

/// <summary>Every topic that has a message, found by one jump in the index for each.</summary>
internal sealed class ListTopics : SqliteOperation<IReadOnlyList<string>>
{
    private const string Sql =
        """
        WITH RECURSIVE topics(name) AS (SELECT min(topic) FROM pubsub_messages UNION ALL
        SELECT (SELECT min(topic) FROM pubsub_messages WHERE topic>name) FROM topics WHERE name IS NOT NULL)
        SELECT name FROM topics WHERE name IS NOT NULL
        """;

    protected override IReadOnlyList<string> Execute(SqliteSession session)
    {
        List<string> topics = [];
        using var rows = session.Query(Sql);
        while (rows.Read())
            topics.Add(rows.GetString(0));
        return topics;
    }
}

/// <summary>
/// Finds messages of a topic that are older than the retention and that no group needs any more: each group is past them and
/// holds no lease on them. What a group has still before it is not looked at, however much that is. Reads only, so that a long
/// search keeps nobody from writing.
/// </summary>
internal sealed class FindOutlived(string topic, long after, DateTimeOffset publishedBefore, int most) : SqliteOperation<(IReadOnlyList<long> Ids, long? Continue)>
{
    private const string Sql =
        """
        SELECT m.id, m.published_at,
        EXISTS(SELECT 1 FROM pubsub_groups g JOIN pubsub_leases l ON l.group_id=g.id AND l.message_id=m.id WHERE g.topic=$1)
        FROM pubsub_messages m
        WHERE m.topic=$1 AND m.id>$2 AND m.id<=coalesce((SELECT min(position) FROM pubsub_groups WHERE topic=$1), 9223372036854775807)
        ORDER BY m.id LIMIT $3
        """;

    protected override (IReadOnlyList<long> Ids, long? Continue) Execute(SqliteSession session)
    {
        List<long> ids = [];
        var (seen, last) = (0, after);
        using var rows = session.Query(Sql, topic, after, most);
        while (rows.Read())
        {
            // Ids grow with time, so the first young message ends the search.
            if (rows.GetInt64(1) >= publishedBefore.ToUnixTimeMilliseconds())
                return (ids, null);
            (seen, last) = (seen + 1, rows.GetInt64(0));
            if (!rows.GetBoolean(2))
                ids.Add(last);
        }

        return (ids, seen == most ? last : null);
    }
}

internal sealed class DeleteMessages(IReadOnlyList<long> ids) : SqliteOperation<int>
{
    public override bool NeedsSavepoint => true;

    protected override int Execute(SqliteSession session)
    {
        foreach (var id in ids)
            session.Execute("DELETE FROM pubsub_messages WHERE id=$1", id);
        return ids.Count;
    }
}

/// <summary>Deletes messages whose time to live is over, a limited number at once.</summary>
internal sealed class DeleteExpired(DateTimeOffset now, int most) : SqliteOperation<int>
{
    protected override int Execute(SqliteSession session) => session.Execute(
        "DELETE FROM pubsub_messages WHERE id IN (SELECT id FROM pubsub_messages WHERE expires_at<=$1 LIMIT $2)",
        now.ToUnixTimeMilliseconds(),
        most);
}
