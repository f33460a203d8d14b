using System.Text.Json;
using Microsoft.Data.Sqlite;
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
        "SELECT message_id, visible_at, attempts FROM pubsub_leases WHERE group_id=$1 AND visible_at<=$2 ORDER BY visible_at, message_id LIMIT $3";

    private const string FreshSql =
        """
        SELECT id, published_at FROM pubsub_messages WHERE topic=$1 AND id>(SELECT position FROM pubsub_groups WHERE id=$2)
        ORDER BY id LIMIT $3
        """;

    private const string LoadSql = "SELECT expires_at, content_type, metadata, data FROM pubsub_messages WHERE id=$1";

    private const string LeaseSql =
        "INSERT OR REPLACE INTO pubsub_leases(group_id, message_id, consumer_id, visible_at, attempts) VALUES ($1, $2, $3, $4, $5)";

    private const string ForgetSql = "DELETE FROM pubsub_leases WHERE group_id=$1 AND message_id=$2";

    private const string AdvanceSql = "UPDATE pubsub_groups SET position=$2 WHERE id=$1";

    private const string NextSql = "SELECT min(visible_at) FROM pubsub_leases WHERE group_id=$1";

    private readonly long _now = now.ToUnixTimeMilliseconds();
    private readonly List<ClaimedMessage> _claimed = [];

    /// <summary>Position and leases move together, or not at all.</summary>
    public override bool NeedsSavepoint => true;

    protected override Claim Execute(SqliteSession session)
    {
        var due = Candidates(session, DueSql, request.GroupId, _now, request.Most);
        var fresh = Candidates(session, FreshSql, request.Topic, request.GroupId, request.Most);
        var (nextDue, nextFresh) = (0, 0);
        while (_claimed.Count < request.Most && (nextDue < due.Count || nextFresh < fresh.Count))
        {
            // Fresh ones strictly by id: the position must never pass a message that was not handed out.
            var takeDue = nextFresh == fresh.Count || (nextDue < due.Count && due[nextDue].Available <= fresh[nextFresh].Available);
            Take(session, takeDue ? due[nextDue++] : fresh[nextFresh++]);
        }

        if (nextFresh > 0)
            session.Execute(AdvanceSql, request.GroupId, fresh[nextFresh - 1].Id);
        var hasMore = due.Count == request.Most || fresh.Count == request.Most || nextDue < due.Count || nextFresh < fresh.Count;
        return new Claim(_claimed, hasMore, (long?)session.Scalar(NextSql, request.GroupId));
    }

    private static List<Candidate> Candidates(SqliteSession session, string sql, object first, object second, object third)
    {
        List<Candidate> found = [];
        using var rows = session.Query(sql, first, second, third);
        while (rows.Read())
            found.Add(new Candidate(rows.GetInt64(0), rows.GetInt64(1), rows.FieldCount > 2, rows.FieldCount > 2 ? rows.GetInt32(2) : 0));
        return found;
    }

    /// <summary>Leases the message, or lets go of it if it has expired or is gone.</summary>
    private void Take(SqliteSession session, Candidate candidate)
    {
        var message = Load(session, candidate.Id);
        if (message is null)
        {
            if (candidate.HasLease)
                session.Execute(ForgetSql, request.GroupId, candidate.Id);
            return;
        }

        var attempt = candidate.Attempts + 1;
        session.Execute(LeaseSql, request.GroupId, candidate.Id, request.ConsumerId, _now + (long)request.Lease.TotalMilliseconds, attempt);
        _claimed.Add(new ClaimedMessage(candidate.Id, attempt, message));
    }

    private PubSubMessage? Load(SqliteSession session, long id)
    {
        using var row = session.Query(LoadSql, id);
        if (!row.Read() || (!row.IsDBNull(0) && row.GetInt64(0) <= _now))
            return null;
        return new PubSubMessage(request.Topic, row.GetFieldValue<byte[]>(3), row.IsDBNull(1) ? null : row.GetString(1), Metadata(row));
    }

    private static Dictionary<string, string> Metadata(SqliteDataReader row) =>
        row.IsDBNull(2) ? [] : JsonSerializer.Deserialize(row.GetString(2), MessageMetadata.Default.DictionaryStringString) ?? [];

    private readonly record struct Candidate(long Id, long Available, bool HasLease, int Attempts);
}
