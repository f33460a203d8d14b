namespace Sidecar.Components.Sqlite;

/// <summary>
/// Finds messages that are older than the retention and that no group needs any more: each group of the topic is past them
/// and holds no lease on them. Reads only, so that a long search keeps nobody from writing.
/// </summary>
internal sealed class FindOutlived(long after, DateTimeOffset publishedBefore, int most) : SqliteOperation<(IReadOnlyList<long> Ids, long? Continue)>
{
    private const string Sql =
        """
        SELECT m.id, m.published_at,
        EXISTS(SELECT 1 FROM pubsub_groups g WHERE g.topic=m.topic AND
        (g.position<m.id OR EXISTS(SELECT 1 FROM pubsub_leases l WHERE l.group_id=g.id AND l.message_id=m.id)))
        FROM pubsub_messages m WHERE m.id>$1 ORDER BY m.id LIMIT $2
        """;

    protected override (IReadOnlyList<long> Ids, long? Continue) Execute(SqliteSession session)
    {
        List<long> ids = [];
        var (seen, last) = (0, after);
        using var rows = session.Query(Sql, after, most);
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
