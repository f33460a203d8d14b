namespace Sidecar.Components.Sqlite;

/// <summary>
/// Done with messages. Whoever holds their leases by now: they were handled, also if their time was over meanwhile. Takes
/// in more until the moment it runs.
/// </summary>
internal sealed class AckOperation(long groupId) : SqliteOperation<int>
{
    private const string Sql = "DELETE FROM pubsub_leases WHERE group_id=?1 AND message_id=?2";

    private readonly Lock _lock = new();
    private readonly List<ClaimedMessage> _messages = [];
    private bool _isClosed;

    /// <summary>What it is about; complete once the operation has run or failed.</summary>
    public IReadOnlyList<ClaimedMessage> Messages => _messages;

    public override bool NeedsSavepoint => true;

    /// <summary>False when it is too late; the message then goes with the next operation.</summary>
    public bool TryAdd(ClaimedMessage message)
    {
        lock (_lock)
        {
            if (!_isClosed)
                _messages.Add(message);
            return !_isClosed;
        }
    }

    /// <summary>Takes in no more.</summary>
    public void Close()
    {
        lock (_lock)
            _isClosed = true;
    }

    protected override int Execute(SqliteSession session)
    {
        Close();
        var delete = session.Prepare(Sql);
        delete.Bind(1, groupId);
        foreach (var message in _messages)
        {
            delete.Bind(2, message.Id);
            delete.Run();
        }

        return _messages.Count;
    }
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

/// <summary>
/// Finds messages that wait for a retry further in the future than any pause of their group lasts.
/// </summary>
/// <param name="groups">Each with its longest pause.</param>
/// <param name="now">By the clock that retries are timed with.</param>
internal sealed class FindUntimely(IReadOnlyList<(long GroupId, TimeSpan LongestPause)> groups, DateTimeOffset now)
    : SqliteOperation<IReadOnlyList<(long GroupId, long MessageId)>>
{
    /// <summary>Processes read the clock one after the other.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(1);

    protected override IReadOnlyList<(long GroupId, long MessageId)> Execute(SqliteSession session)
    {
        List<(long, long)> untimely = [];
        foreach (var (groupId, longestPause) in groups)
        {
            using var rows = session.Query(
                "SELECT message_id FROM pubsub_leases WHERE group_id=$1 AND visible_at>$2 AND consumer_id IS NULL",
                groupId,
                (now + longestPause + Slack).ToUnixTimeMilliseconds());
            while (rows.Read())
                untimely.Add((groupId, rows.GetInt64(0)));
        }

        return untimely;
    }
}

/// <summary>Makes messages that nobody holds visible at once.</summary>
internal sealed class BringForward(IReadOnlyList<(long GroupId, long MessageId)> messages, DateTimeOffset now) : SqliteOperation<int>
{
    public override bool NeedsSavepoint => true;

    protected override int Execute(SqliteSession session)
    {
        foreach (var (groupId, messageId) in messages)
        {
            session.Execute(
                "UPDATE pubsub_leases SET visible_at=$3 WHERE group_id=$1 AND message_id=$2 AND consumer_id IS NULL",
                groupId,
                messageId,
                now.ToUnixTimeMilliseconds());
        }

        return messages.Count;
    }
}
