namespace Sidecar.Grpc;

/// <summary>A call with one message each way.</summary>
internal static class UnaryCall
{
    public static async ValueTask<GrpcResult<TResponse>> RunAsync<TRequest, TResponse>(
        GrpcChannel channel, GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options, CancellationToken cancellationToken)
    {
        using var call = new ClientCall(channel, method.FullName, options, cancellationToken);
        var (status, response) = (GrpcStatus.OK, default(TResponse));
        try
        {
            var ended = await call.SendAsync(new SingleContent<TRequest>(method.Requests, request, options.Encoding)).ConfigureAwait(false);
            (status, response) = ended is null
                ? await ReadAsync(call, method).ConfigureAwait(false)
                : (ended.IsOK ? ResponseErrors.NoMessage : ended, default);
        }
        catch (Exception failure)
        {
            status = call.StatusOf(failure);
        }

        return new(status, status.IsOK ? response : default, call);
    }

    private static async ValueTask<(GrpcStatus, TResponse?)> ReadAsync<TRequest, TResponse>(ClientCall call, GrpcMethod<TRequest, TResponse> method)
    {
        var frames = await call.ReaderAsync(method.Responses).ConfigureAwait(false);
        var only = await frames.ReadAsync(call.Token).ConfigureAwait(false);
        if (only.HasMessage && (await frames.ReadAsync(call.Token).ConfigureAwait(false)).HasMessage)
            return (ResponseErrors.SecondMessage, default);
        var status = call.ReadStatus();
        return (status.IsOK && !only.HasMessage ? ResponseErrors.NoMessage : status, only.Message);
    }
}

internal static class ResponseErrors
{
    public static readonly GrpcStatus NoMessage = FrameErrors.NoMessage("response").Status;
    public static readonly GrpcStatus SecondMessage = FrameErrors.SecondMessage("response").Status;
}
