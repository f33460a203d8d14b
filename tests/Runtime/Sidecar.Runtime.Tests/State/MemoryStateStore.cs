using Sidecar.Components;
using Sidecar.Components.State;

namespace Sidecar.Runtime.Tests.State;

/// <summary>A state store by the book of the in-memory driver, with the faults a test asks for.</summary>
internal sealed class MemoryStateStore(TimeProvider? time = null) : IStateStore
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, StateItem> _items = [];
    private int _version;

    public StateFeatures Features { get; init; } = StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl;

    public int? MaxOperationsPerTransaction { get; init; }

    /// <summary>Thrown by the next calls.</summary>
    public Exception? Fault { get; set; }

    /// <summary>Awaited by each read before it reads.</summary>
    public Func<string, Task> BeforeGet { get; set; } = _ => Task.CompletedTask;

    /// <summary>What the last read or save asked for.</summary>
    public StateConsistency LastConsistency { get; private set; }

    /// <summary>Awaited by each transaction before it does anything.</summary>
    public Task TransactionGate { get; set; } = Task.CompletedTask;

    /// <summary>Completes when a caller has given up a transaction at the gate.</summary>
    public Task GivenUp => _givenUp.Task;

    /// <summary>Transactions fail after they have kept upserts without an ETag, as on a store that cannot roll back.</summary>
    public bool KeepsHalfOfRefusedTransactions { get; init; }

    public IReadOnlyList<string> Keys
    {
        get
        {
            lock (_lock)
                return [.. _items.Keys.Order(StringComparer.Ordinal)];
        }
    }

    public string? Text(string key)
    {
        lock (_lock)
            return _items.TryGetValue(key, out var item) ? System.Text.Encoding.UTF8.GetString(item.Value.Span) : null;
    }

    /// <summary>Puts bytes there that no API has seen.</summary>
    public void Put(string key, ReadOnlyMemory<byte> value)
    {
        lock (_lock)
            Apply(new StateUpsert(key, value));
    }

    public void Remove(string key)
    {
        lock (_lock)
            _items.Remove(key);
    }

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken)
    {
        await BeforeGet(key);
        ThrowIfFaulty();
        LastConsistency = options.Consistency;
        lock (_lock)
            return Find(key);
    }

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        LastConsistency = upsert.Consistency;
        lock (_lock)
        {
            var result = Check(upsert);
            if (result == StateResult.Ok)
                Apply(upsert);
            return ValueTask.FromResult(result);
        }
    }

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken)
    {
        ThrowIfFaulty();
        lock (_lock)
        {
            var result = Check(delete);
            if (result == StateResult.Ok)
                Apply(delete);
            return ValueTask.FromResult(result);
        }
    }

    public async ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken)
    {
        try
        {
            await TransactionGate.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _givenUp.TrySetResult();
            throw;
        }

        ThrowIfFaulty();
        lock (_lock)
        {
            var refusal = operations.Select(Check).FirstOrDefault(result => result != StateResult.Ok);
            foreach (var operation in operations)
            {
                if (refusal == StateResult.Ok || (KeepsHalfOfRefusedTransactions && !operation.HasETag))
                    Apply(operation);
            }

            return refusal;
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private StateItem? Find(string key) =>
        _items.TryGetValue(key, out var item) && (item.ExpiresAt is null || item.ExpiresAt > _time.GetUtcNow()) ? item : null;

    private StateResult Check(StateOperation operation)
    {
        if (operation.ETag == "bad")
            return StateResult.ETagInvalid;
        var present = Find(operation.Key);
        if (operation.HasETag)
            return present?.ETag == operation.ETag ? StateResult.Ok : StateResult.ETagMismatch;
        return operation.Concurrency == StateConcurrency.FirstWrite && present is not null ? StateResult.ETagMismatch : StateResult.Ok;
    }

    private void Apply(StateOperation operation)
    {
        if (operation is StateUpsert upsert)
        {
            var expiry = upsert.TtlInSeconds is > 0 and var seconds ? _time.GetUtcNow().AddSeconds(seconds) : (DateTimeOffset?)null;
            _items[upsert.Key] = new StateItem(upsert.Value, $"v{++_version}", expiry);
        }
        else
        {
            _items.Remove(operation.Key);
        }
    }

    private void ThrowIfFaulty()
    {
        if (Fault is not null)
            throw Fault;
    }
}
