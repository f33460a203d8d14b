using Google.Protobuf;

namespace Sidecar.Grpc;

/// <summary>A call that failed. Thrown by a handler it becomes the status of the call; a client throws what the server said.</summary>
public sealed class GrpcException : Exception
{
    /// <param name="status">Any but OK.</param>
    /// <param name="trailers">Metadata that goes with it.</param>
    /// <param name="inner">What caused it here.</param>
    public GrpcException(GrpcStatus status, Metadata? trailers = null, Exception? inner = null)
        : base(status.ToString(), inner)
    {
        Status = status;
        Trailers = trailers ?? [];
    }

    /// <param name="code">Any but OK.</param>
    /// <param name="message">Text for people.</param>
    /// <param name="details">Messages as <c>google.rpc.ErrorInfo</c>.</param>
    public GrpcException(StatusCode code, string message, params IReadOnlyCollection<IMessage> details)
        : this(new GrpcStatus(code, message, details))
    {
    }

    public GrpcStatus Status { get; }

    public StatusCode Code => Status.Code;

    /// <summary>Trailers of the call.</summary>
    public Metadata Trailers { get; }
}
