using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.Health;

internal static class HealthErrors
{
    public static DaprError NotReady { get; } =
        new("ERR_HEALTH_NOT_READY", 500, StatusCode.Internal, "dapr is not ready: [app]");

    public static DaprError OutboundNotReady { get; } =
        new("ERR_OUTBOUND_HEALTH_NOT_READY", 500, StatusCode.Internal, "dapr outbound is not ready");

    public static DaprError OtherApp { get; } =
        new("ERR_HEALTH_APPID_NOT_MATCH", 500, StatusCode.Internal, "dapr app-id does not match");
}
