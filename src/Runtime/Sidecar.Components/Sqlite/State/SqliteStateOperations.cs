using System.Text;
using Sidecar.Components.State;

namespace Sidecar.Components.Sqlite;

internal sealed class ReadState(SqliteStateTable table, string key, string now) : SqliteOperation<SqliteStateRow?>
{
    protected override SqliteStateRow? Execute(SqliteSession session)
    {
        using var row = session.Query(table.Read, key, now);
        return row.Read()
            ? new SqliteStateRow(row.GetString(0), row.GetBoolean(1), row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3))
            : null;
    }
}

/// <summary>An upsert or delete whose values are already in the form of the table, so that the writer thread only writes.</summary>
internal sealed class PreparedState
{
    private readonly SqliteStateTable _table;
    private readonly StateOperation _operation;
    private readonly string _now;
    private readonly string? _value;
    private readonly bool _isBinary;
    private readonly string? _etag;
    private readonly string? _expiration;

    public PreparedState(SqliteStateTable table, StateOperation operation, DateTimeOffset now)
    {
        (_table, _operation, _now) = (table, operation, SqliteStateTable.Text(now));
        if (operation is not StateUpsert upsert)
            return;
        _isBinary = !upsert.IsJson;
        _value = _isBinary ? Convert.ToBase64String(upsert.Value.Span) : Encoding.UTF8.GetString(upsert.Value.Span);
        _etag = Guid.NewGuid().ToString();
        _expiration = upsert.TtlInSeconds is > 0 and { } seconds ? SqliteStateTable.Text(now.AddSeconds(seconds)) : null;
    }

    public StateResult Apply(SqliteSession session)
    {
        var key = _operation.Key;
        var changed = (_operation, _operation.HasETag, _operation.Concurrency) switch
        {
            (StateUpsert, true, _) => session.Execute(_table.Update, key, _value, _isBinary, _etag, _expiration, _now, _operation.ETag),
            (StateUpsert, false, StateConcurrency.FirstWrite) => session.Execute(_table.Insert, key, _value, _isBinary, _etag, _expiration, _now),
            (StateUpsert, false, _) => session.Execute(_table.Put, key, _value, _isBinary, _etag, _expiration),
            (_, true, _) => session.Execute(_table.DeleteVersion, key, _operation.ETag, _now),

            // Deleting what is not there is a success.
            (_, false, _) => Math.Max(1, session.Execute(_table.Delete, key)),
        };
        return changed > 0 ? StateResult.Ok : StateResult.ETagMismatch;
    }
}

internal sealed class WriteState(PreparedState prepared) : SqliteOperation<StateResult>
{
    protected override StateResult Execute(SqliteSession session) => prepared.Apply(session);
}

internal sealed class TransactState(IReadOnlyList<PreparedState> prepared) : SqliteOperation<StateResult>
{
    public override bool NeedsSavepoint => true;

    protected override StateResult Execute(SqliteSession session)
    {
        foreach (var one in prepared)
        {
            var result = one.Apply(session);
            if (result == StateResult.Ok)
                continue;
            Undo = true;
            return result;
        }

        return StateResult.Ok;
    }
}

/// <summary>Whether it is this process that is to delete what has expired: not when another has done so within the interval.</summary>
internal sealed class ClaimCleanup(SqliteStateTable table, DateTimeOffset now, TimeSpan interval) : SqliteOperation<bool>
{
    protected override bool Execute(SqliteSession session) =>
        session.Execute(table.ClaimCleanup, SqliteStateTable.Text(now), SqliteStateTable.Text(now - interval)) > 0;
}

/// <summary>Deletes what has expired, a limited number at once, so that nobody waits long for the file.</summary>
internal sealed class DeleteExpiredState(SqliteStateTable table, DateTimeOffset now, int most) : SqliteOperation<int>
{
    protected override int Execute(SqliteSession session) => session.Execute(table.DeleteExpired, SqliteStateTable.Text(now), most);
}
