namespace Sidecar.Grpc;

internal sealed class UnaryMethod<TRequest, TResponse>(
    GrpcMethod<TRequest, TResponse> method, Func<TRequest, ServerCall, Task<TResponse>> handler) : IServerMethod
{
    public string? FullName => method.FullName;

    public async Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit)
    {
        var request = await call.ReaderOf(method, requestEncoding, limit).ReadSingleAsync("request", call.CancellationToken).ConfigureAwait(false);
        call.WriteOnly(method, await handler(request, call).ConfigureAwait(false));
    }
}

internal sealed class ClientStreamingMethod<TRequest, TResponse>(
    GrpcMethod<TRequest, TResponse> method, Func<MessageReader<TRequest>, ServerCall, Task<TResponse>> handler) : IServerMethod
{
    public string? FullName => method.FullName;

    public async Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit)
    {
        var requests = new MessageReader<TRequest>(call.ReaderOf(method, requestEncoding, limit), call.CancellationToken);
        call.WriteOnly(method, await handler(requests, call).ConfigureAwait(false));
    }
}

internal sealed class ServerStreamingMethod<TRequest, TResponse>(
    GrpcMethod<TRequest, TResponse> method, Func<TRequest, MessageWriter<TResponse>, ServerCall, Task> handler) : IServerMethod
{
    public string? FullName => method.FullName;

    public async Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit)
    {
        var request = await call.ReaderOf(method, requestEncoding, limit).ReadSingleAsync("request", call.CancellationToken).ConfigureAwait(false);
        await handler(request, new MessageWriter<TResponse>(call.Response, method.Responses, call.CancellationToken), call).ConfigureAwait(false);
    }
}

internal sealed class DuplexMethod<TRequest, TResponse>(
    GrpcMethod<TRequest, TResponse> method, Func<MessageReader<TRequest>, MessageWriter<TResponse>, ServerCall, Task> handler) : IServerMethod
{
    public string? FullName => method.FullName;

    public Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit) => handler(
        new MessageReader<TRequest>(call.ReaderOf(method, requestEncoding, limit), call.CancellationToken),
        new MessageWriter<TResponse>(call.Response, method.Responses, call.CancellationToken),
        call);
}

/// <summary>Takes calls of any method, as streams of bytes: on the wire, one message is a stream of one.</summary>
internal sealed class AnyMethod(
    Func<MessageReader<ReadOnlyMemory<byte>>, MessageWriter<ReadOnlyMemory<byte>>, ServerCall, Task> handler) : IServerMethod
{
    public string? FullName => null;

    public Task RunAsync(ServerCall call, MessageEncoding requestEncoding, int limit) => handler(
        new MessageReader<ReadOnlyMemory<byte>>(
            new(call.HttpContext.Request.BodyReader, RawMarshaller.Instance, requestEncoding, limit), call.CancellationToken),
        new MessageWriter<ReadOnlyMemory<byte>>(call.Response, RawMarshaller.Instance, call.CancellationToken),
        call);
}

internal static class ServerMethodSteps
{
    public static FrameReader<TRequest> ReaderOf<TRequest, TResponse>(
        this ServerCall call, GrpcMethod<TRequest, TResponse> method, MessageEncoding encoding, int limit) =>
        new(call.HttpContext.Request.BodyReader, method.Requests, encoding, limit);

    /// <summary>The response of a method that has exactly one. It is not sent yet, so that the status goes in the same write.</summary>
    public static void WriteOnly<TRequest, TResponse>(this ServerCall call, GrpcMethod<TRequest, TResponse> method, TResponse? response)
    {
        if (!call.Status.IsOK)
            return;
        if (response is null)
            throw new GrpcException(StatusCode.Internal, $"{method.FullName} returned no message");
        call.Response.Write(method.Responses, response);
    }
}
