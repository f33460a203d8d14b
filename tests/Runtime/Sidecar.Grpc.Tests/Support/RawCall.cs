using System.Net;

namespace Sidecar.Grpc.Tests.Support;

/// <summary>What a server answered to bytes that no client of ours would send.</summary>
internal sealed record RawReply(HttpStatusCode Http, string? Status, string? Message, byte[] Body, HttpResponseMessage Response)
{
    public StatusCode Code => (StatusCode)int.Parse(Status ?? throw new InvalidOperationException("no grpc-status"), System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Sends a body as it is, over HTTP/2.</summary>
internal static class RawCall
{
    private static readonly HttpMessageInvoker Invoker = new(GrpcHandler.Create(TimeSpan.FromSeconds(10)));

    public static async Task<RawReply> SendAsync(
        Uri address, string path, byte[] body, string contentType = "application/grpc", HttpMethod? method = null, params (string Key, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Post, new Uri($"{address.GetLeftPart(UriPartial.Authority)}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (key, value) in headers)
            request.Headers.TryAddWithoutValidation(key, value);
        var response = await Invoker.SendAsync(request, CancellationToken.None);
        var received = await response.Content.ReadAsByteArrayAsync();
        return new RawReply(
            response.StatusCode,
            First(response.Headers, "grpc-status") ?? First(response.TrailingHeaders, "grpc-status"),
            First(response.Headers, "grpc-message") ?? First(response.TrailingHeaders, "grpc-message"),
            received,
            response);
    }

    /// <summary>A frame: flag, length, bytes.</summary>
    public static byte[] Frame(byte[] message, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = flag;
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)message.Length);
        message.CopyTo(frame, 5);
        return frame;
    }

    private static string? First(System.Net.Http.Headers.HttpHeaders headers, string key) =>
        headers.TryGetValues(key, out var values) ? values.First() : null;
}
