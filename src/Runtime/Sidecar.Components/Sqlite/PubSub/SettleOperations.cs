namespace Sidecar.Components.Sqlite;

/// <summary>
/// Done with a message. Whoever holds the lease by now: it was handled, also if its time was over meanwhile.
/// </summary>
internal sealed class AckOperation(long groupId, long messageId) : SqliteOperation<int>
{
    protected override int Execute(SqliteSession session) =>
        session.Execute("DELETE FROM pubsub_leases WHERE group_id=$1 AND message_id=$2", groupId, messageId);
}

/// <summary>
/// Makes a message visible again at <paramref name="visibleAt"/> (ms), if the lease is still the one of this attempt;
/// otherwise somebody else has the message by now.
/// </summary>
internal sealed class ReturnOperation(ClaimRequest request, ClaimedMessage message, long visibleAt, bool countsAsAttempt) : SqliteOperation<int>
{
    private const string Sql =
        """
        UPDATE pubsub_leases SET consumer_id=NULL, visible_at=$5, attempts=$6
        WHERE group_id=$1 AND message_id=$2 AND consumer_id=$3 AND attempts=$4
        """;

    protected override int Execute(SqliteSession session) => session.Execute(
        Sql, request.GroupId, message.Id, request.ConsumerId, message.Attempt, visibleAt, countsAsAttempt ? message.Attempt : message.Attempt - 1);
}
