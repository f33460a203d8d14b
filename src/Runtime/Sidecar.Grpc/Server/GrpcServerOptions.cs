namespace Sidecar.Grpc;

/// <summary>How a server answers gRPC calls.</summary>
public sealed class GrpcServerOptions
{
    /// <summary>4 MiB, gRPC's own default.</summary>
    public const int DefaultMaxReceiveMessageSize = 4 * 1024 * 1024;

    /// <summary>Bytes that a request message may have, on the wire and inflated; one that has more ends its call with RESOURCE_EXHAUSTED.</summary>
    public int MaxReceiveMessageSize { get; set; } = DefaultMaxReceiveMessageSize;

    /// <summary>How responses are compressed for callers that accept it.</summary>
    public MessageEncoding ResponseEncoding { get; set; } = MessageEncoding.Identity;

    /// <summary>Ends all calls with UNAVAILABLE. Null = the host's <c>ApplicationStopping</c>.</summary>
    public CancellationToken? Stopping { get; set; }

    /// <summary>Asked in this order before each call, and told in the opposite order after it.</summary>
    public IList<IServerCallFilter> Filters { get; } = [];
}
