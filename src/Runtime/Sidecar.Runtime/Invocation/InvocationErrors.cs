using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Invocation;

internal static class InvocationErrors
{
    private const string Code = "ERR_DIRECT_INVOKE";

    public static DaprError NoTarget { get; } =
        new(Code, 404, GrpcStatus.NotFound, "failed getting app id either from the URL path or the header dapr-app-id");

    public static DaprError Failed(string appId, string reason) =>
        new(Code, 500, GrpcStatus.Internal, $"failed to invoke, id: {appId}, err: {reason}");
}
