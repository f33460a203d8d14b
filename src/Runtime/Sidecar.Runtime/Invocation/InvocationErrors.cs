using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Invocation;

internal static class InvocationErrors
{
    private const string Code = CommonErrors.DirectInvoke;

    public static DaprError NoTarget => CommonErrors.NoTarget;

    public static DaprError Failed(string appId, string reason) =>
        new(Code, 500, StatusCode.Internal, $"failed to invoke, id: {appId}, err: {reason}");

    /// <summary>A timeout policy has ended it.</summary>
    public static DaprError TimedOut(string appId, string reason) => Failed(appId, reason) with { GrpcCode = StatusCode.DeadlineExceeded };

    /// <summary>The callee's access control refuses it.</summary>
    public static DaprError Denied(string appId, string reason) => Failed(appId, reason) with { HttpStatus = 403, GrpcCode = StatusCode.PermissionDenied };

    public static DaprError NoMessage { get; } =
        new("ERR_BAD_REQUEST", 400, StatusCode.InvalidArgument, "invalid request: message is missing");
}
