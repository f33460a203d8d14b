using Microsoft.AspNetCore.Http;

namespace Sidecar.Grpc;

/// <summary>Tells gRPC requests from others.</summary>
public static class GrpcRequest
{
    internal const string ContentType = "application/grpc";

    /// <summary>True for a POST over HTTP/2 with a content type of gRPC, whatever its message format.</summary>
    public static bool IsGrpc(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return HttpMethods.IsPost(request.Method) && !HttpProtocol.IsHttp11(request.Protocol) && !HttpProtocol.IsHttp10(request.Protocol)
            && HasPrefix(request.ContentType);
    }

    /// <summary>application/grpc, or the same with the suffix of the only message format that is read here.</summary>
    internal static bool IsReadable(string? contentType)
    {
        if (!HasPrefix(contentType))
            return false;
        var suffix = Type(contentType)[ContentType.Length..];
        return suffix.Length == 0 || suffix.Equals("+proto", StringComparison.OrdinalIgnoreCase);
    }

    private static bool HasPrefix(string? contentType)
    {
        var type = Type(contentType);
        return type.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) && (type.Length == ContentType.Length || type[ContentType.Length] == '+');
    }

    private static ReadOnlySpan<char> Type(string? contentType)
    {
        var type = contentType.AsSpan();
        var end = type.IndexOf(';');
        return (end < 0 ? type : type[..end]).Trim();
    }
}
