namespace Sidecar.Runtime.Errors;

/// <summary>google.rpc.Code numbers.</summary>
internal static class GrpcStatus
{
    public const int Ok = 0;
    public const int Unknown = 2;
    public const int InvalidArgument = 3;
    public const int NotFound = 5;
    public const int AlreadyExists = 6;
    public const int PermissionDenied = 7;
    public const int ResourceExhausted = 8;
    public const int FailedPrecondition = 9;
    public const int Aborted = 10;
    public const int Unimplemented = 12;
    public const int Internal = 13;
    public const int Unavailable = 14;
    public const int Unauthenticated = 16;
}

/// <summary>Failures that belong to no single building block.</summary>
internal static class CommonErrors
{
    public static DaprError BodyRead(string reason) =>
        new("ERR_BODY_READ", 400, GrpcStatus.InvalidArgument, $"failed to read request body: {reason}");

    public static DaprError Malformed(string reason) =>
        new("ERR_MALFORMED_REQUEST", 400, GrpcStatus.InvalidArgument, reason);

    public static DaprError InvalidBaggage { get; } =
        new("ERR_BAD_REQUEST", 400, GrpcStatus.InvalidArgument, "invalid baggage header");

    public static DaprError Unclassified(string reason) =>
        new("ERROR", 500, GrpcStatus.Internal, reason);
}
