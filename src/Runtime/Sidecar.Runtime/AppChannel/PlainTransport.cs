using System.Net;
using System.Text;
using Sidecar.Grpc;

namespace Sidecar.Runtime.AppChannel;

/// <summary>How the sidecar speaks HTTP to others on somebody's behalf: nothing is added, followed, decoded or remembered.</summary>
internal static class PlainTransport
{
    /// <summary>For paths that are cleaned and escaped already: Uri must not reinterpret them.</summary>
    public static readonly UriCreationOptions Verbatim = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>
    /// Header values are bytes to HTTP, and most that are not ASCII are UTF-8 (RFC 9110, section 5.5). One char per byte, on
    /// the server's side too, hands all of them on as they came.
    /// </summary>
    public static readonly Encoding HeaderEncoding = Encoding.Latin1;

    public static SocketsHttpHandler Create(TimeSpan connectTimeout) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = connectTimeout,
        RequestHeaderEncodingSelector = static (_, _) => HeaderEncoding,
        ResponseHeaderEncodingSelector = static (_, _) => HeaderEncoding,
    };

    /// <summary>The same for HTTP/2, with what gRPC wants of it: more connections where streams run out, and pings that find a peer which vanished.</summary>
    public static SocketsHttpHandler CreateHttp2(TimeSpan connectTimeout)
    {
        var handler = GrpcHandler.Create(connectTimeout);
        handler.AutomaticDecompression = DecompressionMethods.None;
        handler.ActivityHeadersPropagator = null;
        handler.RequestHeaderEncodingSelector = static (_, _) => HeaderEncoding;
        handler.ResponseHeaderEncodingSelector = static (_, _) => HeaderEncoding;
        return handler;
    }
}
