namespace Sidecar.Grpc;

/// <summary>What can be wrong with a frame, with the codes of the specification (statuscodes, compression).</summary>
internal static class FrameErrors
{
    public static GrpcException TooLarge(long length, int limit) =>
        new(StatusCode.ResourceExhausted, $"a message of {length} bytes is larger than the limit of {limit}");

    public static GrpcException Truncated() =>
        new(StatusCode.Internal, "the stream ended within a message");

    public static GrpcException BadFlag(byte flag) =>
        new(StatusCode.Internal, $"the compressed flag of a message is {flag}, neither 0 nor 1");

    public static GrpcException CompressedWithoutEncoding() =>
        new(StatusCode.Internal, "a message is flagged as compressed, and grpc-encoding names no compression");

    public static GrpcException NoSuchMessage(Exception reason) =>
        new(new GrpcStatus(StatusCode.Internal, $"a message cannot be read: {reason.Message}"), inner: reason);

    public static GrpcException NoMessage(string side) =>
        new(StatusCode.Unimplemented, $"the {side} has no message, where the method has exactly one");

    public static GrpcException SecondMessage(string side) =>
        new(StatusCode.Unimplemented, $"the {side} has more than one message, where the method has exactly one");
}
