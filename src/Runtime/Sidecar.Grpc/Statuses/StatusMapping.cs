namespace Sidecar.Grpc;

/// <summary>gRPC codes for failures that HTTP tells of. Specification: http-grpc-status-mapping, and PROTOCOL-HTTP2, "Errors".</summary>
internal static class StatusMapping
{
    /// <summary>For a response without <c>grpc-status</c>; 200 is UNKNOWN too, because success would have one.</summary>
    public static StatusCode FromHttpStatus(int status) => status switch
    {
        400 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    /// <summary>For the error code of an RST_STREAM or GOAWAY.</summary>
    public static StatusCode FromHttp2Error(long error) => error switch
    {
        0x7 => StatusCode.Unavailable, // REFUSED_STREAM: the server has done nothing yet
        0x8 => StatusCode.Cancelled, // CANCEL
        0xb => StatusCode.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xc => StatusCode.PermissionDenied, // INADEQUATE_SECURITY
        _ => StatusCode.Internal,
    };
}
