using System.Collections.Concurrent;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>How a transaction with outbox events ended.</summary>
internal enum TransactionEnd
{
    /// <summary>Nobody knows: the store threw, or the call was given up.</summary>
    Unknown,
    Committed,

    /// <summary>It was not run, and will not be.</summary>
    Refused,
}

/// <summary>
/// What this sidecar knows about transactions whose events it has put on an internal topic. It spares the relay guessing by
/// time: the event of a transaction still under way waits for its end, that of a refused one is dropped. Events of another
/// replica, or of this one's former life, are unknown here and go by the contract's schedule.
/// </summary>
internal sealed class OutboxTransactions(TimeProvider time)
{
    /// <summary>How long a refused transaction is remembered for its event to come round.</summary>
    private static readonly TimeSpan Memory = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _open = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> _refused = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Id, long Since)> _refusedByAge = new();

    public void Begin(string id) => _open[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void End(string id, TransactionEnd end)
    {
        if (end == TransactionEnd.Refused)
            Refuse(id);
        if (_open.TryRemove(id, out var completion))
            completion.SetResult();
    }

    /// <summary>Completes when the transaction ends; null if none of that id is under way here.</summary>
    public Task? Ending(string id) => _open.TryGetValue(id, out var completion) ? completion.Task : null;

    public bool IsRefused(string id) => _refused.ContainsKey(id);

    private void Refuse(string id)
    {
        var now = time.GetTimestamp();
        _refused[id] = now;
        _refusedByAge.Enqueue((id, now));
        while (_refusedByAge.TryPeek(out var oldest) && time.GetElapsedTime(oldest.Since, now) > Memory && _refusedByAge.TryDequeue(out oldest))
            _refused.TryRemove(oldest.Id, out _);
    }
}
