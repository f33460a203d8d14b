using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>gRPC calls with paths that no client would send.</summary>
internal static class RawGrpc
{
    /// <param name="port">Of a sidecar.</param>
    /// <param name="path">Sent as it is.</param>
    /// <param name="headers">Beside those of every call.</param>
    /// <param name="tls">null = without TLS.</param>
    public static async Task<(StatusCode Code, string Message)> CallAsync(int port, string path, (string Name, string Value)[] headers, SslClientAuthenticationOptions? tls = null)
    {
        using var handler = GrpcHandler.Create(TimeSpan.FromSeconds(10));
        if (tls is not null)
            handler.SslOptions = tls;
        using var invoker = new HttpMessageInvoker(handler);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{(tls is null ? "http" : "https")}://127.0.0.1:{port}{path}", PlainTransport.Verbatim))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent([0, 0, 0, 0, 0]),
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await invoker.SendAsync(request, CancellationToken.None);
        await response.Content.ReadAsByteArrayAsync();
        return (Enum.Parse<StatusCode>(Value("grpc-status")), Uri.UnescapeDataString(Value("grpc-message")));

        string Value(string name) => (response.Headers.NonValidated.TryGetValues(name, out var values) || response.TrailingHeaders.NonValidated.TryGetValues(name, out values)) ? values.ToString() : "";
    }
}
