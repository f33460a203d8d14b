using System.Net.Http.Headers;

namespace Sidecar.Grpc;

/// <summary>The headers of a request.</summary>
internal static class RequestHeaders
{
    /// <summary>Shared: nobody changes it.</summary>
    public static readonly MediaTypeHeaderValue ContentType = new(GrpcRequest.ContentType);

    private const string UserAgentKey = "user-agent";

    public static void Put(HttpRequestHeaders headers, CallOptions options, TimeSpan? timeout, string userAgent)
    {
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation(GrpcHeaders.AcceptEncoding, MessageEncodings.Accepted);
        if (timeout is { } left)
            headers.TryAddWithoutValidation(GrpcHeaders.Timeout, GrpcTimeout.Format(left));
        if (options.Encoding == MessageEncoding.Gzip)
            headers.TryAddWithoutValidation(GrpcHeaders.Encoding, MessageEncodings.GzipName);

        var metadata = options.Metadata;
        if (metadata?.Get(UserAgentKey) is null)
            headers.TryAddWithoutValidation(UserAgentKey, userAgent);
        for (var at = 0; at < metadata?.Count; at++)
            headers.TryAddWithoutValidation(metadata[at].Key, metadata[at].HeaderValue);
    }
}
