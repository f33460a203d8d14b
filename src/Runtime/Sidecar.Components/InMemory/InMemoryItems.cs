using Sidecar.Components.State;

namespace Sidecar.Components.InMemory;

/// <summary>The items of one in-memory store. Expired ones are invisible at once, and removed from time to time.</summary>
internal sealed class InMemoryItems : IAsyncDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(10);

    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, StateItem> _items = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;

    public InMemoryItems(TimeProvider time)
    {
        _time = time;
        _sweep = time.CreateTimer(_ => Sweep(), null, SweepInterval, SweepInterval);
    }

    public StateItem? Get(string key)
    {
        lock (_lock)
            return Live(key, _time.GetUtcNow());
    }

    /// <summary>All or nothing: every condition is checked, against what is there before, and then everything is done.</summary>
    public StateResult Apply(IReadOnlyList<StateOperation> operations)
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            for (var index = 0; index < operations.Count; index++)
            {
                if (!Holds(operations[index], now))
                    return StateResult.ETagMismatch;
            }

            for (var index = 0; index < operations.Count; index++)
                Do(operations[index], now);
            return StateResult.Ok;
        }
    }

    public ValueTask DisposeAsync() => _sweep.DisposeAsync();

    private StateItem? Live(string key, DateTimeOffset now) =>
        _items.TryGetValue(key, out var item) && (item.ExpiresAt is not { } end || end > now) ? item : null;

    private bool Holds(StateOperation operation, DateTimeOffset now)
    {
        if (operation.HasETag)
            return Live(operation.Key, now)?.ETag == operation.ETag;
        return operation is not StateUpsert || operation.Concurrency != StateConcurrency.FirstWrite || Live(operation.Key, now) is null;
    }

    private void Do(StateOperation operation, DateTimeOffset now)
    {
        if (operation is not StateUpsert upsert)
        {
            _items.Remove(operation.Key);
            return;
        }

        // A copy, because the caller's buffer may be used again.
        DateTimeOffset? end = upsert.TtlInSeconds is > 0 and { } seconds ? now.AddSeconds(seconds) : null;
        _items[operation.Key] = new StateItem(upsert.Value.ToArray(), Guid.NewGuid().ToString(), end);
    }

    private void Sweep()
    {
        lock (_lock)
        {
            var now = _time.GetUtcNow();
            foreach (var (key, item) in _items)
            {
                if (item.ExpiresAt <= now)
                    _items.Remove(key);
            }
        }
    }
}
