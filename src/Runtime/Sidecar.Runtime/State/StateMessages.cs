using Google.Protobuf;
using Sidecar.Components.State;
using Sidecar.Runtime.Hosting;
using Concurrency = Sidecar.Protos.StateOptions.Types.StateConcurrency;
using Consistency = Sidecar.Protos.StateOptions.Types.StateConsistency;
using Wire = Sidecar.Protos;

namespace Sidecar.Runtime.State;

/// <summary>Messages of the state API to and from what the engine takes and gives. A number that no enum has counts as unspecified, as in Dapr.</summary>
internal static class StateMessages
{
    private const string TtlExpireTime = "ttlExpireTime";

    public static StateItemRequest Read(Wire.StateItem item) => new()
    {
        Key = item.Key,
        Value = item.Value.Memory,
        IsJson = false,
        ETag = item.Etag?.Value,
        Concurrency = Word(item.Options?.Concurrency),
        Consistency = Word(item.Options?.Consistency),
        Metadata = item.Metadata,
    };

    public static StateItemRequest Read(Wire.DeleteStateRequest request) => new()
    {
        Key = request.Key,
        ETag = request.Etag?.Value,
        Concurrency = Word(request.Options?.Concurrency),
        Consistency = Word(request.Options?.Consistency),
        Metadata = request.Metadata,
    };

    public static List<StateItemRequest> Read(IReadOnlyList<Wire.StateItem> items)
    {
        var read = new List<StateItemRequest>(items.Count);
        for (var index = 0; index < items.Count; index++)
            read.Add(Read(items[index]));
        return read;
    }

    /// <summary>An operation without an item has one without a key.</summary>
    public static List<StateOperationRequest> Read(IReadOnlyList<Wire.TransactionalStateOperation> operations)
    {
        var read = new List<StateOperationRequest>(operations.Count);
        for (var index = 0; index < operations.Count; index++)
            read.Add(new StateOperationRequest(operations[index].OperationType, operations[index].Request is { } item ? Read(item) : new StateItemRequest()));
        return read;
    }

    public static string? Word(Consistency? consistency) => consistency switch
    {
        Consistency.ConsistencyEventual => "eventual",
        Consistency.ConsistencyStrong => "strong",
        _ => null,
    };

    /// <summary>Nothing stored is an empty message.</summary>
    public static Wire.GetStateResponse Write(StateItem? item)
    {
        var response = new Wire.GetStateResponse();
        if (item is null)
            return response;
        response.Data = Bytes(item);
        response.Etag = item.ETag;
        if (item.ExpiresAt is { } expiry)
            response.Metadata[TtlExpireTime] = Rfc3339.FormatUtc(expiry);
        return response;
    }

    public static Wire.GetBulkStateResponse Write(IReadOnlyList<BulkGetResult> results)
    {
        var response = new Wire.GetBulkStateResponse();
        response.Items.Capacity = results.Count;
        for (var index = 0; index < results.Count; index++)
            response.Items.Add(Write(results[index]));
        return response;
    }

    private static Wire.BulkStateItem Write(BulkGetResult result)
    {
        var written = new Wire.BulkStateItem { Key = result.Key, Error = result.Error ?? "" };
        if (result.Item is not { } item)
            return written;
        written.Data = Bytes(item);
        written.Etag = item.ETag;
        if (item.ExpiresAt is { } expiry)
            written.Metadata[TtlExpireTime] = Rfc3339.FormatUtc(expiry);
        return written;
    }

    // What a store hands out it does not change any more.
    private static ByteString Bytes(StateItem item) => UnsafeByteOperations.UnsafeWrap(item.Value);

    private static string? Word(Concurrency? concurrency) => concurrency switch
    {
        Concurrency.ConcurrencyFirstWrite => "first-write",
        Concurrency.ConcurrencyLastWrite => "last-write",
        _ => null,
    };
}
