using System.Security.Cryptography;
using System.Text;
using Google.Rpc;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Security;

/// <summary>
/// DAPR_API_TOKEN at the HTTP API (contract 2.0): every call needs it in <c>dapr-api-token</c>, apart from the two GET health
/// routes. Compared in constant time; removed before anything is forwarded.
/// </summary>
internal static partial class ApiTokenCheck
{
    public const string Header = "dapr-api-token";

    public static Func<HttpContext, RequestDelegate, Task> For(string token, ILogger logger)
    {
        var expected = Encoding.UTF8.GetBytes(token);
        return async (context, next) =>
        {
            var given = context.Request.Headers[Header].ToString();
            context.Request.Headers.Remove(Header);
            if (!CryptographicOperations.FixedTimeEquals(PlainTransport.HeaderEncoding.GetBytes(given), expected) && !IsHealthRoute(context.Request))
            {
                LogRefused(logger, context.Request.Method, context.Request.Path.Value ?? "", context.Connection.RemoteIpAddress?.ToString() ?? "", given.Length == 0 ? "no" : "a wrong");
                context.Response.StatusCode = StatusCodes.Status401Unauthorized;
                context.Response.ContentType = "text/plain; charset=utf-8";
                await context.Response.WriteAsync("invalid api token", context.RequestAborted).ConfigureAwait(false);
                return;
            }

            await next(context).ConfigureAwait(false);
        };
    }

    /// <summary>The same at the gRPC API, for every call there, also those that are passed on to an app (contract 3.3).</summary>
    public static Func<HttpContext, RequestDelegate, Task> ForGrpc(string token, ILogger logger)
    {
        var expected = Encoding.UTF8.GetBytes(token);
        return (context, next) =>
        {
            var given = context.Request.Headers[Header];
            context.Request.Headers.Remove(Header);
            if (given.Count > 0 && CryptographicOperations.FixedTimeEquals(PlainTransport.HeaderEncoding.GetBytes(given.ToString()), expected))
                return next(context);
            LogRefused(logger, context.Request.Method, context.Request.Path.Value ?? "", context.Connection.RemoteIpAddress?.ToString() ?? "", given.Count == 0 ? "no" : "a wrong");
            return GrpcFallback.AnswerAsync(context, Unauthorized(given.Count == 0 ? "missing api token in request metadata" : "authentication error: api token mismatch"));
        };
    }

    private static GrpcStatus Unauthorized(string reason) => new(
        StatusCode.Unauthenticated, "Unauthorized", new ErrorInfo { Reason = "Unauthorized", Domain = "dapr.io", Metadata = { ["http.code"] = "401", ["http.error_message"] = reason } });

    private static bool IsHealthRoute(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && (request.Path.Value?.TrimEnd('/') is "/v1.0/healthz" or "/v1.0/healthz/outbound");

    [LoggerMessage(Level = LogLevel.Warning, Message = "refused {Method} {Path} from {Address}: it has {What} API token")]
    private static partial void LogRefused(ILogger logger, string method, string path, string address, string what);
}
