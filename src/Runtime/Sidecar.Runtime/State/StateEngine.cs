using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.State.Outbox;

namespace Sidecar.Runtime.State;

/// <summary>The rules of the state block (contract section 2.5), for every front. Failures are values.</summary>
internal sealed class StateEngine(StateStores stores, OutboxPublisher outbox, SidecarOptions options, ILogger<StateEngine> logger)
{
    /// <inheritdoc cref="StateStores.Find"/>
    public ConfiguredStateStore? FindStore(string name, out DaprError? error) => stores.Find(name, out error);

    /// <summary>The store if it has transactions, else null and the reason.</summary>
    public ConfiguredStateStore? FindTransactionalStore(string name, out DaprError? error)
    {
        var store = stores.Find(name, out error);
        if (store is null || store.Driver.Features.HasFlag(StateFeatures.Transactional))
            return store;
        error = StateErrors.TransactionsNotSupported(name);
        return null;
    }

    /// <summary>The item, or null if there is none.</summary>
    public async ValueTask<(StateItem? Item, DaprError? Error)> GetAsync(
        ConfiguredStateStore store, string key, string? consistency, CancellationToken cancellationToken)
    {
        if (store.Locate(key, out var stored) is { } illegal)
            return (null, illegal);
        // A word that is neither is not refused on a read.
        StateOptions.TryParseConsistency(consistency, out var parsed);
        try
        {
            var item = await store.Guarded.GetAsync(stored, new StateReadOptions(parsed), cancellationToken).ConfigureAwait(false);
            return store.TryOpen(ref item, out var problem) ? (item, null) : (null, StateErrors.Get(store.Name, key, problem));
        }
        catch (Exception failure) when (IsOfTheDriver(failure, cancellationToken))
        {
            logger.GetFailed(store.Name, key, failure);
            return (null, StateErrors.Get(store.Name, key, failure.Message));
        }
    }

    /// <summary>
    /// One result per key, in the order asked for. A key that cannot be read has its reason in its result; only a store that gives
    /// none at all is an error.
    /// </summary>
    public async ValueTask<(IReadOnlyList<BulkGetResult>? Results, DaprError? Error)> GetBulkAsync(
        ConfiguredStateStore store, BulkGetRequest request, CancellationToken cancellationToken)
    {
        var stored = new string[request.Keys.Count];
        for (var index = 0; index < stored.Length; index++)
        {
            if (store.Locate(request.Keys[index], out stored[index]) is { } illegal)
                return (null, illegal);
        }

        var read = new BulkRead(store, request.Keys, stored);
        await read.RunAsync(request.Parallelism, cancellationToken).ConfigureAwait(false);
        if (read.Failures == 0)
            return (read.Results, null);
        logger.BulkGetFailed(store.Name, read.Failures, stored.Length, read.Failure!);
        return read.Failures == stored.Length ? (null, StateErrors.BulkGet(read.Failure!.Message)) : (read.Results, null);
    }

    /// <summary>No store of this runtime can be queried.</summary>
    public DaprError Query(string name) => stores.Find(name, out var error) is null ? error! : StateErrors.QueryNotSupported(name);

    /// <summary>
    /// Saves the items one after the other: each for itself, none undone when another fails. What is wrong with the request
    /// is found before anything is written.
    /// </summary>
    public async ValueTask<DaprError?> SaveAsync(
        ConfiguredStateStore store, IReadOnlyList<StateItemRequest> items, IReadOnlyDictionary<string, string> requestMetadata, CancellationToken cancellationToken)
    {
        var upserts = new StateUpsert[items.Count];
        for (var index = 0; index < upserts.Length; index++)
        {
            if (items[index].Key.Length == 0)
                return StateErrors.SavedKeyEmpty();
            if (store.Locate(items[index].Key, out var stored) is { } illegal)
                return illegal;
            items[index].Override(requestMetadata);
            if (!items[index].TryReadJson(out var notJson))
                return StateErrors.NotJson(StateErrors.Save(store.Name, notJson));
            if (!StateOptions.TryBuildUpsert(stored, items[index], out var upsert, out var problem))
                return StateErrors.Save(store.Name, problem);
            upserts[index] = store.Encryption?.Seal(upsert) ?? upsert;
        }

        DaprError? first = null;
        foreach (var upsert in upserts)
        {
            var failure = await SaveOneAsync(store, upsert, cancellationToken).ConfigureAwait(false);
            first ??= failure;
        }

        return first;
    }

    public async ValueTask<DaprError?> DeleteAsync(ConfiguredStateStore store, StateItemRequest item, CancellationToken cancellationToken)
    {
        if (store.Locate(item.Key, out var stored) is { } illegal)
            return illegal;
        if (!StateOptions.TryBuildDelete(stored, item, out var delete, out var problem))
            return StateErrors.Delete(item.Key, problem);
        try
        {
            return StateErrors.Delete(item.Key, Told(store, await store.Guarded.DeleteAsync(delete, cancellationToken).ConfigureAwait(false), delete));
        }
        catch (Exception failure) when (IsOfTheDriver(failure, cancellationToken))
        {
            logger.DeleteFailed(store.Name, item.Key, failure);
            return StateErrors.Delete(item.Key, failure.Message);
        }
    }

    /// <summary>Deletes the items one after the other: each for itself, none undone when another fails.</summary>
    public async ValueTask<DaprError?> DeleteBulkAsync(
        ConfiguredStateStore store, IReadOnlyList<StateItemRequest> items, CancellationToken cancellationToken)
    {
        var deletes = new StateDelete[items.Count];
        for (var index = 0; index < deletes.Length; index++)
        {
            if (store.Locate(items[index].Key, out var stored) is { } illegal)
                return illegal;
            if (!StateOptions.TryBuildDelete(stored, items[index], out var delete, out var problem))
                return StateErrors.DeleteBulk(store.Name, problem);
            deletes[index] = delete;
        }

        DaprError? first = null;
        foreach (var delete in deletes)
        {
            var failure = await DeleteOneAsync(store, delete, cancellationToken).ConfigureAwait(false);
            first ??= failure;
        }

        return first;
    }

    /// <summary>
    /// 1. Checks every operation, and encrypts its value if the store is encrypted. 2. With an outbox, publishes an event per
    /// upsert to the internal topic and adds its marker to the transaction; nothing is written if that fails. 3. Runs the
    /// transaction. 4. Tells the outbox how it ended.
    /// </summary>
    public async ValueTask<DaprError?> TransactAsync(
        ConfiguredStateStore store,
        IReadOnlyList<StateOperationRequest> requests,
        IReadOnlyDictionary<string, string> requestMetadata,
        StateCaller caller,
        CancellationToken cancellationToken)
    {
        // 1.
        if (requests.Count == 0)
            return null;
        if (BuildOperations(store, requests, requestMetadata, out var operations) is { } refused)
            return refused;

        // 2.
        OutboxBatch? staged = null;
        if (store.Outbox is { } settings)
        {
            (staged, var unpublished) = await outbox.StageAsync(settings, requests, operations, caller, cancellationToken).ConfigureAwait(false);
            if (unpublished is not null)
                return unpublished;
        }

        // 3.
        var end = TransactionEnd.Unknown;
        try
        {
            var result = Told(store, await store.Guarded.TransactAsync(operations, cancellationToken).ConfigureAwait(false), CollectionsMarshal.AsSpan(operations));
            end = result == StateResult.Ok ? TransactionEnd.Committed : TransactionEnd.Refused;
            return result == StateResult.Ok ? null : StateErrors.Transaction(StateErrors.Describe(result));
        }
        catch (Exception failure) when (IsOfTheDriver(failure, cancellationToken))
        {
            logger.TransactionFailed(store.Name, operations.Count, failure);
            return StateErrors.Transaction(failure.Message);
        }
        finally
        {
            // 4.
            staged?.Complete(end);
        }
    }

    private async ValueTask<DaprError?> SaveOneAsync(ConfiguredStateStore store, StateUpsert upsert, CancellationToken cancellationToken)
    {
        try
        {
            return StateErrors.Save(store.Name, Told(store, await store.Guarded.SetAsync(upsert, cancellationToken).ConfigureAwait(false), upsert));
        }
        catch (Exception failure) when (IsOfTheDriver(failure, cancellationToken))
        {
            logger.SaveFailed(store.Name, upsert.Key, failure);
            return StateErrors.Save(store.Name, failure.Message);
        }
    }

    private async ValueTask<DaprError?> DeleteOneAsync(ConfiguredStateStore store, StateDelete delete, CancellationToken cancellationToken)
    {
        try
        {
            return StateErrors.DeleteBulk(store.Name, Told(store, await store.Guarded.DeleteAsync(delete, cancellationToken).ConfigureAwait(false), delete));
        }
        catch (Exception failure) when (IsOfTheDriver(failure, cancellationToken))
        {
            logger.DeleteFailed(store.Name, delete.Key, failure);
            return StateErrors.DeleteBulk(store.Name, failure.Message);
        }
    }

    private StateResult Told(ConfiguredStateStore store, StateResult result, params ReadOnlySpan<StateOperation> operations)
    {
        if (options.Observer is not { } observer || result != StateResult.Ok)
            return result;
        foreach (var operation in operations)
        {
            var key = operation.Key.StartsWith(store.Prefix, StringComparison.Ordinal) ? operation.Key[store.Prefix.Length..] : operation.Key;
            if (operation is StateUpsert upsert)
                observer.StateSaved(store.Name, key, upsert.Value);
            else
                observer.StateDeleted(store.Name, key);
        }

        return result;
    }

    private static DaprError? BuildOperations(
        ConfiguredStateStore store,
        IReadOnlyList<StateOperationRequest> requests,
        IReadOnlyDictionary<string, string> requestMetadata,
        out List<StateOperation> operations)
    {
        operations = new List<StateOperation>(requests.Count);
        foreach (var (name, item) in requests)
        {
            if (name is not ("upsert" or "delete"))
                return StateErrors.UnknownOperation(name);
            if (item.Key.Length == 0)
                return StateErrors.KeyMissing();
            if (store.Locate(item.Key, out var stored) is { } illegal)
                return illegal;
            item.Override(requestMetadata);
            if (name == "upsert" && !item.TryReadJson(out var notJson))
                return StateErrors.NotJson(StateErrors.Transaction(notJson));
            if (!StateOptions.TryBuild(name == "delete", stored, item, out var operation, out var problem))
                return StateErrors.Transaction(problem);
            operations.Add(operation is StateUpsert upsert && store.Encryption is { } encryption ? encryption.Seal(upsert) : operation);
        }

        return store.Driver.MaxOperationsPerTransaction is { } most && operations.Count > most
            ? StateErrors.TooManyOperations(store.Name, operations.Count, most)
            : null;
    }

    // The contract answers whatever a component throws with the block's own code, also a time-out of its own; a caller that
    // went away is no failure.
    internal static bool IsOfTheDriver(Exception failure, CancellationToken cancellationToken) =>
        failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested;
}
