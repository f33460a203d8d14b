namespace Sidecar.Grpc;

/// <summary>Makes the transport of channels.</summary>
public static class GrpcHandler
{
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// A handler for gRPC: no proxy, cookies or redirects, a further connection where one has no stream left, and a ping on
    /// one that is silent for 60 s while calls are open, so that a peer that vanished is noticed. What differs is set on it
    /// before its first use.
    /// </summary>
    /// <param name="connectTimeout">How long a connection may take to be made; 10 s is usual.</param>
    public static SocketsHttpHandler Create(TimeSpan connectTimeout) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        EnableMultipleHttp2Connections = true,
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        KeepAlivePingDelay = PingDelay,
        KeepAlivePingTimeout = PingTimeout,
        ConnectTimeout = connectTimeout,
    };
}
