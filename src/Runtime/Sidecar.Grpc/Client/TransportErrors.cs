namespace Sidecar.Grpc;

/// <summary>gRPC codes for what the transport throws.</summary>
internal static class TransportErrors
{
    public static GrpcStatus StatusOf(Exception failure)
    {
        if (failure is GrpcException known)
            return known.Status;
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is HttpProtocolException protocol && protocol.ErrorCode >= 0)
                return new GrpcStatus(StatusMapping.FromHttp2Error(protocol.ErrorCode), $"the server has ended the stream: {protocol.Message}");
        }

        // A connection that takes too long to be made is told as a cancellation by a time limit.
        if (failure is OperationCanceledException { InnerException: TimeoutException slow })
            return new GrpcStatus(StatusCode.Unavailable, slow.Message);
        if (failure is OperationCanceledException or ObjectDisposedException)
            return new GrpcStatus(StatusCode.Cancelled, failure.Message);

        // Connections that are refused, reset or closed, names that resolve to nothing: another try may find a server.
        return failure is HttpRequestException or IOException
            ? new GrpcStatus(StatusCode.Unavailable, Innermost(failure))
            : new GrpcStatus(StatusCode.Internal, failure.Message);
    }

    // SocketsHttpHandler says only that a request failed; the reason is below.
    private static string Innermost(Exception failure) =>
        failure.InnerException is { } inner && inner.Message != failure.Message ? $"{failure.Message} {Innermost(inner)}" : failure.Message;
}
