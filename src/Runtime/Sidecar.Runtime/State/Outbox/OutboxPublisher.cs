using System.Collections.ObjectModel;
using Sidecar.Components;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>The first half of the outbox: events go to the internal topic before their transaction runs, their markers into it.</summary>
internal sealed class OutboxPublisher(ITopics topics, OutboxTransactions transactions, SidecarOptions options, TimeProvider time)
{
    private const string IdPrefix = "outbox-";
    private const string ProjectionMetadata = "outbox.projection";

    private static readonly byte[] MarkerValue = "0"u8.ToArray();

    /// <summary>
    /// Publishes one event per upsert, and turns <paramref name="operations"/> (one per request, in the same order) into what
    /// the store shall run: without projections, with markers.
    /// </summary>
    public async ValueTask<(OutboxBatch? Batch, DaprError? Error)> StageAsync(
        OutboxSettings settings,
        IReadOnlyList<StateOperationRequest> requests,
        List<StateOperation> operations,
        StateCaller caller,
        CancellationToken cancellationToken)
    {
        var (upserts, projections) = Separate(requests, operations);
        var batch = new OutboxBatch(transactions);
        var trace = TraceContext.Continue(caller.TraceParent, caller.TraceState);
        foreach (var upsert in upserts)
        {
            var id = IdPrefix + Guid.NewGuid().ToString();
            // Known before it is published: the relay may see the event sooner than the publish returns.
            batch.Begin(id);
            var projection = projections.GetValueOrDefault(upsert.Item.Key);
            if (await PublishAsync(settings, id, upsert, projection, trace, batch, cancellationToken).ConfigureAwait(false) is { } error)
                return (null, StateErrors.Outbox(error));
            operations.Add(new StateUpsert(id, MarkerValue));
        }

        return (batch, null);
    }

    private async ValueTask<string?> PublishAsync(
        OutboxSettings settings,
        string id,
        Upsert upsert,
        Upsert? projection,
        TraceContext trace,
        OutboxBatch batch,
        CancellationToken cancellationToken)
    {
        var told = projection ?? upsert;
        var cloudEvent = OutboxEvent.Write(
            id, options.AppId, told.Operation, told.Item.ContentType, Attributes(upsert.Item, projection?.Item), trace, time.GetLocalNow());
        var isPublished = false;
        try
        {
            var error = await topics.PublishAsync(
                settings.InternalPubsub, settings.InternalTopic, cloudEvent, ContentTypes.CloudEvent,
                ReadOnlyDictionary<string, string>.Empty, cancellationToken).ConfigureAwait(false);
            isPublished = error is null;
            return error?.Message;
        }
        catch (ComponentException failure)
        {
            return failure.Message;
        }
        finally
        {
            // The transaction will not run, so what is already on the internal topic must not wait for it.
            if (!isPublished)
                batch.Complete(TransactionEnd.Refused);
        }
    }

    /// <summary>Takes the projections out of the operations, and tells the remaining upserts.</summary>
    private static (List<Upsert> Upserts, Dictionary<string, Upsert> Projections) Separate(
        IReadOnlyList<StateOperationRequest> requests, List<StateOperation> operations)
    {
        var upserts = new List<Upsert>();
        var projections = new Dictionary<string, Upsert>(StringComparer.Ordinal);
        var stored = 0;
        for (var index = 0; index < requests.Count; index++)
        {
            var item = requests[index].Item;
            if (operations[index] is StateUpsert operation)
            {
                if (GoText.IsTruthy(item.Metadata.GetValueOrDefault(ProjectionMetadata)))
                {
                    projections[item.Key] = new Upsert(item, operation);
                    continue;
                }

                upserts.Add(new Upsert(item, operation));
            }

            operations[stored++] = operations[index];
        }

        operations.RemoveRange(stored, operations.Count - stored);
        return (upserts, projections);
    }

    /// <summary>The item's metadata; a projection adds its own and replaces.</summary>
    private static IReadOnlyDictionary<string, string> Attributes(StateItemRequest item, StateItemRequest? projection)
    {
        if (projection is null)
            return item.Metadata;
        var attributes = new Dictionary<string, string>(item.Metadata, StringComparer.Ordinal);
        foreach (var (name, value) in projection.Metadata)
            attributes[name] = value;
        attributes.Remove(ProjectionMetadata);
        return attributes;
    }

    /// <param name="Item">As the client sent it.</param>
    /// <param name="Operation">As the store gets it: encrypted, if the store is.</param>
    private sealed record Upsert(StateItemRequest Item, StateUpsert Operation);
}
