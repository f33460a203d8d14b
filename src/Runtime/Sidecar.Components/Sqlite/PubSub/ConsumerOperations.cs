namespace Sidecar.Components.Sqlite;

/// <summary>A broker that has, or had, subscriptions on the file.</summary>
internal sealed record SqliteConsumer(long Id, BrokerOwner? Owner, int Port);

/// <summary>Enters a broker as a consumer; the result is its id, which is never given twice.</summary>
internal sealed class JoinOperation(BrokerOwner owner, int port) : SqliteOperation<long>
{
    protected override long Execute(SqliteSession session) =>
        (long)session.Scalar("INSERT INTO pubsub_consumers(owner, port) VALUES ($1, $2) RETURNING id", owner.ToString(), port)!;
}

/// <summary>Strikes consumers out, and makes what they still hold visible at once.</summary>
internal sealed class LeaveOperation(IReadOnlyList<long> consumers, DateTimeOffset now) : SqliteOperation<int>
{
    public override bool NeedsSavepoint => true;

    protected override int Execute(SqliteSession session)
    {
        var freed = 0;
        foreach (var consumer in consumers)
        {
            freed += session.Execute("UPDATE pubsub_leases SET consumer_id=NULL, visible_at=$2 WHERE consumer_id=$1", consumer, now.ToUnixTimeMilliseconds());
            session.Execute("DELETE FROM pubsub_consumers WHERE id=$1", consumer);
        }

        return freed;
    }
}

internal sealed class ListConsumers : SqliteOperation<IReadOnlyList<SqliteConsumer>>
{
    protected override IReadOnlyList<SqliteConsumer> Execute(SqliteSession session)
    {
        List<SqliteConsumer> consumers = [];
        using var rows = session.Query("SELECT id, owner, port FROM pubsub_consumers");
        while (rows.Read())
            consumers.Add(new SqliteConsumer(rows.GetInt64(0), BrokerOwner.Parse(rows.GetString(1)), rows.GetInt32(2)));
        return consumers;
    }
}

/// <summary>The id of a consumer group. A new one starts before the oldest message there is.</summary>
internal sealed class GroupOperation(string topic, string consumerGroup) : SqliteOperation<long>
{
    public override bool NeedsSavepoint => true;

    protected override long Execute(SqliteSession session)
    {
        session.Execute("INSERT OR IGNORE INTO pubsub_groups(topic, consumer_group, position) VALUES ($1, $2, 0)", topic, consumerGroup);
        return (long)session.Scalar("SELECT id FROM pubsub_groups WHERE topic=$1 AND consumer_group=$2", topic, consumerGroup)!;
    }
}

/// <summary>Which of the groups have something to claim: what wake-ups have missed.</summary>
internal sealed class PollOperation(IReadOnlyList<(long GroupId, string Topic)> groups, DateTimeOffset now) : SqliteOperation<IReadOnlyList<long>>
{
    private const string Sql =
        """
        SELECT EXISTS(SELECT 1 FROM pubsub_leases WHERE group_id=$1 AND visible_at<=$3) OR
        EXISTS(SELECT 1 FROM pubsub_messages WHERE topic=$2 AND id>(SELECT position FROM pubsub_groups WHERE id=$1))
        """;

    protected override IReadOnlyList<long> Execute(SqliteSession session)
    {
        List<long> ready = [];
        foreach (var (groupId, topic) in groups)
        {
            if (session.Scalar(Sql, groupId, topic, now.ToUnixTimeMilliseconds()) is 1L)
                ready.Add(groupId);
        }

        return ready;
    }
}
