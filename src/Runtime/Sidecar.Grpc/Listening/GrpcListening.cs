using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Sidecar.Grpc;

/// <summary>Sets up Kestrel for gRPC.</summary>
public static class GrpcListening
{
    private const int StreamsPerConnection = 10_000;
    private const int ConnectionWindow = 4 * 1024 * 1024;
    private const int StreamWindow = 1024 * 1024;
    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(20);

    /// <summary>
    /// HTTP/2 limits of the server, for all its listeners: room for many open streams (a subscription is one each, and a client
    /// that runs out of streams waits in silence), windows for large messages, and a ping that finds a peer that vanished.
    /// </summary>
    public static void UseGrpcLimits(this KestrelServerOptions server)
    {
        ArgumentNullException.ThrowIfNull(server);
        var limits = server.Limits.Http2;
        limits.MaxStreamsPerConnection = StreamsPerConnection;
        limits.InitialConnectionWindowSize = ConnectionWindow;
        limits.InitialStreamWindowSize = StreamWindow;
        limits.KeepAlivePingDelay = PingDelay;
        limits.KeepAlivePingTimeout = PingTimeout;
    }

    /// <summary>HTTP/2 only, without TLS: a port for gRPC alone.</summary>
    public static ListenOptions UseHttp2Cleartext(this ListenOptions listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        listener.Protocols = HttpProtocols.Http2;
        return listener;
    }

    /// <summary>
    /// HTTP/1.1 and HTTP/2 on one port without TLS: a connection that begins with HTTP/2's preface speaks HTTP/2, any other
    /// HTTP/1.1. Who says nothing for the server's keep-alive time is disconnected, as elsewhere.
    /// </summary>
    /// <remarks>
    /// It sets <see cref="KestrelServerOptions.AllowAlternateSchemes"/>, for the whole server: <c>Request.Scheme</c> of HTTP/2 is then what the
    /// client says, so it proves no TLS. Without TLS an <c>ITlsConnectionFeature</c> without certificate is seen all the same on such connections.
    /// </remarks>
    public static ListenOptions UseHttp1AndHttp2Cleartext(this ListenOptions listener)
    {
        ArgumentNullException.ThrowIfNull(listener);
        var server = listener.KestrelServerOptions;

        // Not set if it is so already: Kestrel warns of what is set, because it does not know of this.
        if (!listener.Protocols.HasFlag(HttpProtocols.Http1AndHttp2))
            listener.Protocols = HttpProtocols.Http1AndHttp2;
        server.AllowAlternateSchemes = true;
        var clock = listener.ApplicationServices.GetService<TimeProvider>() ?? TimeProvider.System;
        listener.Use(next => new ProtocolDetection(next, server.Limits, clock).RunAsync);
        return listener;
    }
}
