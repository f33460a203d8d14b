using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Sidecar.Grpc;

/// <summary>What is refused before a handler sees it.</summary>
internal static class CallRefusal
{
    private const int InternalError = 0x2;

    private static readonly GrpcStatus BadTimeout = new(StatusCode.Internal, "grpc-timeout is not one to eight digits with a unit H, M, S, m, u or n");

    /// <summary>False, and the response has an HTTP status, for what gRPC has no answer to. Specification: PROTOCOL-HTTP2, "Requests".</summary>
    public static bool IsAcceptable(HttpContext context)
    {
        var (request, response) = (context.Request, context.Response);
        if (!HttpMethods.IsPost(request.Method))
        {
            response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            response.Headers[HeaderNames.Allow] = HttpMethods.Post;
            return false;
        }

        if (!GrpcRequest.IsReadable(request.ContentType))
        {
            response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            response.Headers[HeaderNames.Accept] = GrpcRequest.ContentType;
            return false;
        }

        if (!HttpProtocol.IsHttp2(request.Protocol) && !HttpProtocol.IsHttp3(request.Protocol))
        {
            response.StatusCode = StatusCodes.Status426UpgradeRequired;
            response.Headers[HeaderNames.Upgrade] = "h2c";
            response.Headers[HeaderNames.Connection] = HeaderNames.Upgrade;
            return false;
        }

        return true;
    }

    /// <summary>What the call's headers say of its messages and its time; a status if that cannot be met.</summary>
    public static GrpcStatus? ReadPreamble(HttpContext context, out MessageEncoding encoding, out TimeSpan? timeout)
    {
        timeout = null;
        string? name = context.Request.Headers[GrpcHeaders.Encoding];
        if (!MessageEncodings.TryParse(name, out encoding))
        {
            context.Response.Headers[GrpcHeaders.AcceptEncoding] = MessageEncodings.Accepted;
            return new GrpcStatus(StatusCode.Unimplemented, $"grpc-encoding '{name}' is not known here");
        }

        string? limit = context.Request.Headers[GrpcHeaders.Timeout];
        if (limit is null)
            return null;
        if (!GrpcTimeout.TryParse(limit, out var due))
            return BadTimeout;
        timeout = due;
        return due == TimeSpan.Zero ? CallEnds.StatusOf(CallEnd.Deadline) : null;
    }

    /// <summary>Ends the stream in a way that no client takes for success.</summary>
    public static void Reset(HttpContext context)
    {
        if (context.Features.Get<IHttpResetFeature>() is { } stream)
            stream.Reset(InternalError);
        else
            context.Abort();
    }
}
