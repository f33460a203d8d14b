using System.Net;
using System.Net.Http.Headers;

namespace Sidecar.Grpc;

/// <summary>What the headers and trailers of a response say of the call.</summary>
internal static class ResponseHeaders
{
    public static readonly GrpcStatus NoStatus = new(StatusCode.Unknown, "the response ended without grpc-status");

    /// <summary>Null if messages may follow; else how the call ended.</summary>
    public static GrpcStatus? Check(HttpResponseMessage response, out bool isTrailersOnly)
    {
        var status = StatusIn(response.Headers);
        isTrailersOnly = status is not null;
        if (isTrailersOnly)
            return status;
        if (response.StatusCode != HttpStatusCode.OK)
            return new GrpcStatus(StatusMapping.FromHttpStatus((int)response.StatusCode), $"HTTP status {(int)response.StatusCode} without grpc-status");
        var type = Find(response.Content.Headers, "Content-Type");
        return GrpcRequest.IsReadable(type) ? null : new GrpcStatus(StatusCode.Unknown, $"a response of content type '{type}' is not gRPC");
    }

    /// <summary>The status that headers or trailers tell, or null.</summary>
    public static GrpcStatus? StatusIn(HttpHeaders received) => Find(received, GrpcHeaders.Status) is { } number
        ? StatusHeaders.Read(number, Find(received, GrpcHeaders.Message), Find(received, GrpcHeaders.Details))
        : null;

    /// <exception cref="GrpcException">An encoding that is not known here.</exception>
    public static MessageEncoding EncodingOf(HttpResponseMessage response)
    {
        var name = Find(response.Headers, GrpcHeaders.Encoding);
        return MessageEncodings.TryParse(name, out var encoding)
            ? encoding
            : throw new GrpcException(StatusCode.Internal, $"the response has grpc-encoding '{name}', which was not accepted");
    }

    public static Metadata MetadataOf(HttpHeaders headers)
    {
        var metadata = new Metadata();
        foreach (var (key, values) in headers.NonValidated)
        {
            foreach (var value in values)
                metadata.AddReceived(key, value);
        }

        return metadata;
    }

    private static string? Find(HttpHeaders headers, string key) =>
        headers.NonValidated.TryGetValues(key, out var values) ? values.ToString() : null;
}
