using Sidecar.Grpc;

namespace Sidecar.Runtime.PubSub.Streaming;

/// <summary>How streams end that do not keep to their protocol, or whose broker goes away (contract section 3.4).</summary>
internal static class StreamErrors
{
    public static readonly GrpcStatus NoInitialRequest = new(StatusCode.Unknown, "initial request is required");
    public static readonly GrpcStatus NoPubsubName = new(StatusCode.Unknown, "pubsubName is required");
    public static readonly GrpcStatus NoTopic = new(StatusCode.Unknown, "topic is required");
    public static readonly GrpcStatus SecondInitialRequest = new(StatusCode.Unknown, "duplicate initial request received");
    public static readonly GrpcStatus NoAnswer = new(StatusCode.Unknown, "event processed is required");

    // Clients take this code for a reason to connect again, which is what they should do: to this sidecar once it has started
    // anew, or when the component is back.
    public static readonly GrpcStatus Stopping = new(StatusCode.Unavailable, "the sidecar is stopping");

    public static GrpcStatus ComponentGone(string pubsub) => new(StatusCode.Unavailable, $"pubsub {pubsub} has been removed");
}
