using Sidecar.Components.State;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.State;

/// <summary>
/// A store's driver under the store's outbound policies (contract section 4.4). An ETag that does not match is the store's word and
/// neither a failure nor retried.
/// </summary>
internal sealed class GuardedDriver(IStateStore driver, Func<TargetGuard> guard)
{
    public ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken) => guard().CallAsync(
        "get", key, (driver, key, options), static (call, token) => call.driver.GetAsync(call.key, call.options, token), cancellationToken);

    public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) => guard().CallAsync(
        "save", upsert.Key, (driver, upsert), static (call, token) => call.driver.SetAsync(call.upsert, token), cancellationToken);

    public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) => guard().CallAsync(
        "delete", delete.Key, (driver, delete), static (call, token) => call.driver.DeleteAsync(call.delete, token), cancellationToken);

    public ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken) => guard().CallAsync(
        "transaction of", operations[0].Key, (driver, operations), static (call, token) => call.driver.TransactAsync(call.operations, token), cancellationToken);
}
