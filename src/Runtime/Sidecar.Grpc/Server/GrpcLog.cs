using Microsoft.Extensions.Logging;

namespace Sidecar.Grpc;

internal static partial class GrpcLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "gRPC method {Method} failed with an exception that is no gRPC status")]
    public static partial void HandlerFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(Level = LogLevel.Debug, Message = "gRPC call of {Method} ended with {Code}: {Detail}")]
    public static partial void CallFailed(this ILogger logger, string method, StatusCode code, string detail);

    [LoggerMessage(Level = LogLevel.Error, Message = "a callback on the cancellation of a gRPC call failed")]
    public static partial void CancellationCallbackFailed(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "a filter failed after a gRPC call of {Method}")]
    public static partial void FilterFailed(this ILogger logger, Exception exception, string method);
}
