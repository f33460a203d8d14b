using Sidecar.Components.State;

namespace Sidecar.Components.InMemory;

/// <summary><c>state.in-memory</c>: one store per component name and process, gone with it.</summary>
internal sealed class InMemoryStateStore : IStateStore
{
    private SharedLease<InMemoryItems>? _items;

    public StateFeatures Features =>
        StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.DeleteWithPrefix | StateFeatures.KeysLike;

    private InMemoryItems Items => _items!.Value;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        _items = context.Shared.Acquire(context.Name, () => new InMemoryItems(context.Time));
        return Task.CompletedTask;
    }

    public ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<StateItem?>(cancellationToken)
            : ValueTask.FromResult(Items.Get(key));

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) => ApplyAsync([upsert], cancellationToken);

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) => ApplyAsync([delete], cancellationToken);

    public ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken) =>
        ApplyAsync(operations, cancellationToken);

    public ValueTask DisposeAsync() => _items?.DisposeAsync() ?? ValueTask.CompletedTask;

    private ValueTask<StateResult> ApplyAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled<StateResult>(cancellationToken)
            : ValueTask.FromResult(Items.Apply(operations));
}
