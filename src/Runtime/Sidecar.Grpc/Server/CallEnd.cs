namespace Sidecar.Grpc;

/// <summary>What ended a call before its handler did.</summary>
internal enum CallEnd
{
    None,
    ClientGone,
    Deadline,
    Stopping,
}

internal static class CallEnds
{
    private static readonly GrpcStatus ClientGone = new(StatusCode.Cancelled, "the client has cancelled the call");
    private static readonly GrpcStatus Deadline = new(StatusCode.DeadlineExceeded, "the deadline has passed");
    private static readonly GrpcStatus Stopping = new(StatusCode.Unavailable, "the server is stopping");
    private static readonly GrpcStatus Cancelled = new(StatusCode.Cancelled, "the call was cancelled");

    public static GrpcStatus StatusOf(CallEnd end) => end switch
    {
        CallEnd.ClientGone => ClientGone,
        CallEnd.Deadline => Deadline,
        CallEnd.Stopping => Stopping,
        _ => Cancelled,
    };
}
