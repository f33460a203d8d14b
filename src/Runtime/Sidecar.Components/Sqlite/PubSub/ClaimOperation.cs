using System.Collections.ObjectModel;
using System.Text.Json;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <param name="Attempt">1 on first delivery.</param>
internal sealed record ClaimedMessage(long Id, int Attempt, PubSubMessage Message);

/// <param name="HasMore">There may be more to claim right now.</param>
/// <param name="NextDue">When the next lease of the group becomes visible (ms), or null.</param>
internal sealed record Claim(IReadOnlyList<ClaimedMessage> Messages, bool HasMore, long? NextDue);

/// <param name="ConsumerId">Row of the broker in pubsub_consumers.</param>
internal sealed record ClaimRequest(string Topic, long GroupId, long ConsumerId, int Most, TimeSpan Lease);

/// <summary>
/// Hands out messages of a topic to one consumer, together with their leases: new ones in the order of publishing, merged
/// with those whose retry is due by the moment each became available. So a message that keeps failing queues behind what
/// waited before it, and neither side can starve the other.
/// </summary>
internal sealed class ClaimOperation(ClaimRequest request, DateTimeOffset now) : SqliteOperation<Claim>
{
    private const string DueSql =
        "SELECT message_id, visible_at, attempts FROM pubsub_leases WHERE group_id=?1 AND visible_at<=?2 ORDER BY visible_at, message_id LIMIT ?3";

    private const string FreshSql =
        """
        SELECT id, published_at, expires_at, content_type, metadata, data FROM pubsub_messages
        WHERE topic=?1 AND id>(SELECT position FROM pubsub_groups WHERE id=?2) ORDER BY id LIMIT ?3
        """;

    private const string LoadSql = "SELECT id, published_at, expires_at, content_type, metadata, data FROM pubsub_messages WHERE id=?1";

    private const string LeaseSql =
        "INSERT OR REPLACE INTO pubsub_leases(group_id, message_id, consumer_id, visible_at, attempts) VALUES (?1, ?2, ?3, ?4, ?5)";

    private const string ForgetSql = "DELETE FROM pubsub_leases WHERE group_id=?1 AND message_id=?2";

    private const string AdvanceSql = "UPDATE pubsub_groups SET position=?2 WHERE id=?1";

    private const string NextSql = "SELECT min(visible_at) FROM pubsub_leases WHERE group_id=?1";

    private readonly long _now = now.ToUnixTimeMilliseconds();
    private readonly List<ClaimedMessage> _claimed = [];

    /// <summary>Position and leases move together, or not at all.</summary>
    public override bool NeedsSavepoint => true;

    protected override Claim Execute(SqliteSession session)
    {
        var due = Due(session);
        var fresh = Fresh(session);
        var (nextDue, nextFresh) = (0, 0);
        while (_claimed.Count < request.Most && (nextDue < due.Count || nextFresh < fresh.Count))
        {
            // Fresh ones strictly by id: the position must never pass a message that was not handed out.
            if (nextFresh == fresh.Count || (nextDue < due.Count && due[nextDue].VisibleAt <= fresh[nextFresh].PublishedAt))
                TakeDue(session, due[nextDue++]);
            else if (fresh[nextFresh++] is { Message: { } message } taken)
                Lease(session, taken.Id, 1, message);
        }

        if (nextFresh > 0)
            Run(session, AdvanceSql, request.GroupId, fresh[nextFresh - 1].Id);
        var hasMore = due.Count == request.Most || fresh.Count == request.Most || nextDue < due.Count || nextFresh < fresh.Count;
        return new Claim(_claimed, hasMore, NextDue(session));
    }

    private List<DueLease> Due(SqliteSession session)
    {
        List<DueLease> due = [];
        var rows = session.Prepare(DueSql);
        rows.Bind(1, request.GroupId);
        rows.Bind(2, _now);
        rows.Bind(3, request.Most);
        try
        {
            while (rows.Step())
                due.Add(new DueLease(rows.Integer(0), rows.Integer(1), (int)rows.Integer(2)));
            return due;
        }
        finally
        {
            rows.Reset();
        }
    }

    private List<FreshMessage> Fresh(SqliteSession session)
    {
        List<FreshMessage> fresh = [];
        var rows = session.Prepare(FreshSql);
        rows.Bind(1, request.Topic);
        rows.Bind(2, request.GroupId);
        rows.Bind(3, request.Most);
        try
        {
            while (rows.Step())
                fresh.Add(Read(rows));
            return fresh;
        }
        finally
        {
            rows.Reset();
        }
    }

    /// <summary>Leases the message anew, or lets go of it if it has expired or is gone.</summary>
    private void TakeDue(SqliteSession session, DueLease lease)
    {
        var row = session.Prepare(LoadSql);
        row.Bind(1, lease.MessageId);
        PubSubMessage? message;
        try
        {
            message = row.Step() ? Read(row).Message : null;
        }
        finally
        {
            row.Reset();
        }

        if (message is null)
            Run(session, ForgetSql, request.GroupId, lease.MessageId);
        else
            Lease(session, lease.MessageId, lease.Attempts + 1, message);
    }

    private void Lease(SqliteSession session, long id, int attempt, PubSubMessage message)
    {
        var lease = session.Prepare(LeaseSql);
        lease.Bind(1, request.GroupId);
        lease.Bind(2, id);
        lease.Bind(3, request.ConsumerId);
        lease.Bind(4, _now + (long)request.Lease.TotalMilliseconds);
        lease.Bind(5, attempt);
        lease.Run();
        _claimed.Add(new ClaimedMessage(id, attempt, message));
    }

    private long? NextDue(SqliteSession session)
    {
        var row = session.Prepare(NextSql);
        row.Bind(1, request.GroupId);
        try
        {
            return row.Step() && !row.IsNull(0) ? row.Integer(0) : null;
        }
        finally
        {
            row.Reset();
        }
    }

    private static void Run(SqliteSession session, string sql, long first, long second)
    {
        var statement = session.Prepare(sql);
        statement.Bind(1, first);
        statement.Bind(2, second);
        statement.Run();
    }

    private FreshMessage Read(SqliteStatement row)
    {
        var isOver = !row.IsNull(2) && row.Integer(2) <= _now;
        return new FreshMessage(row.Integer(0), row.Integer(1), isOver ? null : new PubSubMessage(request.Topic, row.Bytes(5), row.Text(3), Metadata(row.Text(4))));
    }

    private static IReadOnlyDictionary<string, string> Metadata(string? json)
    {
        try
        {
            return json is null ? ReadOnlyDictionary<string, string>.Empty : JsonSerializer.Deserialize(json, MessageMetadata.Default.DictionaryStringString) ?? [];
        }
        catch (JsonException)
        {
            // Not of our writing. One such row must not keep its whole topic from being claimed.
            return ReadOnlyDictionary<string, string>.Empty;
        }
    }

    private readonly record struct DueLease(long MessageId, long VisibleAt, int Attempts);

    /// <param name="Message">Null when its time to live is over.</param>
    private readonly record struct FreshMessage(long Id, long PublishedAt, PubSubMessage? Message);
}
