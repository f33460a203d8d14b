using Sidecar.Grpc;

namespace Sidecar.Runtime.Errors;

/// <summary>Failures that belong to no single building block.</summary>
internal static class CommonErrors
{
    public static DaprError BodyRead(string reason) =>
        new("ERR_BODY_READ", 400, StatusCode.InvalidArgument, $"failed to read request body: {reason}");

    public static DaprError Malformed(string reason) =>
        new("ERR_MALFORMED_REQUEST", 400, StatusCode.InvalidArgument, reason);

    public static DaprError InvalidBaggage { get; } =
        new("ERR_BAD_REQUEST", 400, StatusCode.InvalidArgument, "invalid baggage header");

    public const string DirectInvoke = "ERR_DIRECT_INVOKE";

    /// <summary>No route takes the request, and it names no app to call either.</summary>
    public static DaprError NoTarget { get; } =
        new(DirectInvoke, 404, StatusCode.NotFound, "failed getting app id either from the URL path or the header dapr-app-id");

    public static DaprError Unclassified(string reason) =>
        new("ERROR", 500, StatusCode.Internal, reason);
}
