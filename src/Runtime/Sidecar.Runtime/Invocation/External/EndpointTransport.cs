using System.Security.Cryptography;
using Sidecar.Components.Http;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Invocation.External;

/// <summary>Connections to services outside, with the certificates of an HTTPEndpoint's <c>clientTLS</c>.</summary>
internal static class EndpointTransport
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <param name="rootCa">PEM of the roots to trust; empty = the machine's.</param>
    /// <param name="certificate">PEM of the certificate to show; empty = none.</param>
    /// <exception cref="CryptographicException">A text is no PEM of its kind, or key and certificate do not belong together.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    public static HttpMessageInvoker Create(string rootCa = "", string certificate = "", string privateKey = "", bool allowRenegotiation = false)
    {
        var handler = PlainTransport.Create(ConnectTimeout);
        handler.SslOptions = ClientTls.Create(rootCa, certificate, privateKey, allowRenegotiation);
        return new HttpMessageInvoker(handler);
    }
}
