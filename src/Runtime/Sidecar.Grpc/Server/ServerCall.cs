using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Sidecar.Grpc;

/// <summary>One call under way, as its handler sees it.</summary>
public sealed class ServerCall
{
    private readonly CallCancellation _cancellation;
    private readonly ServerResponse _response;
    private Metadata? _requestMetadata;

    internal ServerCall(HttpContext context, string method, CallCancellation cancellation, ServerResponse response, DateTimeOffset? deadline)
    {
        (HttpContext, Method, Deadline) = (context, method, deadline);
        (_cancellation, _response) = (cancellation, response);
    }

    public HttpContext HttpContext { get; }

    /// <summary>The full name: <c>/greet.Greeter/SayHello</c>.</summary>
    public string Method { get; }

    /// <summary>When the client gives up, by the server's clock; null if it never said.</summary>
    public DateTimeOffset? Deadline { get; }

    /// <summary>Fires when the deadline passes, the client cancels or goes away, or the host stops.</summary>
    public CancellationToken CancellationToken => _cancellation.Token;

    /// <summary>What the client sent beside its messages.</summary>
    public Metadata RequestMetadata => _requestMetadata ??= ReadMetadata(HttpContext.Request.Headers);

    /// <summary>Sent before the first message, or by <see cref="WriteHeadersAsync"/>; what is added later is not sent.</summary>
    public Metadata ResponseHeaders => _response.Headers;

    /// <summary>Sent with the status.</summary>
    public Metadata ResponseTrailers => _response.Trailers;

    /// <summary>How the call ends if the handler returns. Whatever message it returns is dropped unless this is OK.</summary>
    public GrpcStatus Status { get; set; } = GrpcStatus.OK;

    /// <summary>The other side as gRPC names it: <c>ipv4:127.0.0.1:4711</c>, <c>ipv6:[::1]:4711</c> or <c>unix:</c>.</summary>
    public string Peer => HttpContext.Connection.RemoteIpAddress is { } address ? PeerName(address, HttpContext.Connection.RemotePort) : "unix:";

    internal ServerResponse Response => _response;

    internal CallCancellation Cancellation => _cancellation;

    /// <summary>A handler's failure as a value: <c>return call.Fail&lt;HelloReply&gt;(status)</c>.</summary>
    public TResponse Fail<TResponse>(GrpcStatus status)
    {
        Status = status;
        return default!;
    }

    /// <summary>Sends the response headers now, ahead of the first message.</summary>
    public ValueTask WriteHeadersAsync() => _response.WriteHeadersAsync(CancellationToken);

    private static Metadata ReadMetadata(IHeaderDictionary headers)
    {
        var metadata = new Metadata();
        foreach (var (key, values) in headers)
        {
            foreach (var value in values)
                metadata.AddReceived(key, value ?? "");
        }

        return metadata;
    }

    private static string PeerName(IPAddress address, int port)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? string.Create(CultureInfo.InvariantCulture, $"ipv4:{address}:{port}")
            : string.Create(CultureInfo.InvariantCulture, $"ipv6:[{address}]:{port}");
    }
}
