using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using ShutdownRequest = Sidecar.Protos.ShutdownRequest;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Methods of the gRPC API, for a channel.</summary>
internal static class DaprMethods
{
    public static GrpcMethod<GetStateRequest, GetStateResponse> GetState { get; } = Of<GetStateRequest, GetStateResponse>("GetState");

    public static GrpcMethod<GetBulkStateRequest, GetBulkStateResponse> GetBulkState { get; } = Of<GetBulkStateRequest, GetBulkStateResponse>("GetBulkState");

    public static GrpcMethod<SaveStateRequest, Empty> SaveState { get; } = Of<SaveStateRequest, Empty>("SaveState");

    public static GrpcMethod<DeleteStateRequest, Empty> DeleteState { get; } = Of<DeleteStateRequest, Empty>("DeleteState");

    public static GrpcMethod<DeleteBulkStateRequest, Empty> DeleteBulkState { get; } = Of<DeleteBulkStateRequest, Empty>("DeleteBulkState");

    public static GrpcMethod<ExecuteStateTransactionRequest, Empty> Transact { get; } = Of<ExecuteStateTransactionRequest, Empty>("ExecuteStateTransaction");

    public static GrpcMethod<QueryStateRequest, QueryStateResponse> QueryState { get; } = Of<QueryStateRequest, QueryStateResponse>("QueryStateAlpha1");

    public static GrpcMethod<PublishEventRequest, Empty> Publish { get; } = Of<PublishEventRequest, Empty>("PublishEvent");

    public static GrpcMethod<BulkPublishRequest, BulkPublishResponse> BulkPublish { get; } = Of<BulkPublishRequest, BulkPublishResponse>("BulkPublishEvent");

    public static GrpcMethod<BulkPublishRequest, BulkPublishResponse> BulkPublishAlpha1 { get; } = Of<BulkPublishRequest, BulkPublishResponse>("BulkPublishEventAlpha1");

    public static GrpcMethod<GetSecretRequest, GetSecretResponse> GetSecret { get; } = Of<GetSecretRequest, GetSecretResponse>("GetSecret");

    public static GrpcMethod<GetBulkSecretRequest, GetBulkSecretResponse> GetBulkSecret { get; } = Of<GetBulkSecretRequest, GetBulkSecretResponse>("GetBulkSecret");

    public static GrpcMethod<GetMetadataRequest, GetMetadataResponse> GetMetadata { get; } = Of<GetMetadataRequest, GetMetadataResponse>("GetMetadata");

    public static GrpcMethod<SetMetadataRequest, Empty> SetMetadata { get; } = Of<SetMetadataRequest, Empty>("SetMetadata");

    public static GrpcMethod<ShutdownRequest, Empty> Shutdown { get; } = Of<ShutdownRequest, Empty>("Shutdown");

    /// <summary>A method of the API by name, with messages of bytes.</summary>
    public static GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> Raw(string name, string? service = null) =>
        GrpcMethod.Raw(service ?? DaprService.Name, name, GrpcMethodKind.Unary);

    public static async Task<GrpcStatus> StatusAsync<TRequest, TResponse>(
        this GrpcChannel channel, GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options = default) =>
        (await channel.CallAsync(method, request, options)).Status;

    /// <summary>Saves one item.</summary>
    public static async Task<GrpcStatus> SaveAsync(
        this GrpcChannel channel, string key, ReadOnlyMemory<byte> value, Action<StateItem>? change = null, string store = "store")
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFrom(value.Span) };
        change?.Invoke(item);
        return await channel.StatusAsync(SaveState, new SaveStateRequest { StoreName = store, States = { item } });
    }

    public static Task<GetStateResponse> GetAsync(this GrpcChannel channel, string key, string store = "store") =>
        channel.UnaryAsync(GetState, new GetStateRequest { StoreName = store, Key = key });

    private static GrpcMethod<TRequest, TResponse> Of<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => GrpcMethod.Of<TRequest, TResponse>(DaprService.Method(name));
}
