using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Telemetry;

/// <summary>One log line per call of the gRPC API, as <see cref="ApiCallLog"/> writes for HTTP.</summary>
internal static class GrpcCallLog
{
    private const string Scope = "dapr.runtime.grpc.api-info";

    public static Func<HttpContext, RequestDelegate, Task> For(ILoggerFactory loggers, TimeProvider time)
    {
        var logger = loggers.CreateLogger(Scope);
        return async (context, next) =>
        {
            var began = time.GetTimestamp();
            try
            {
                await next(context).ConfigureAwait(false);
            }
            finally
            {
                var call = new GrpcApiCall(
                    context.Request.Path.Value ?? "", GrpcOutcome.CodeOf(context.Response), (long)time.GetElapsedTime(began).TotalMilliseconds, context.Request.Headers.UserAgent.ToString());
                logger.Log(LogLevel.Information, default, call, null, static (_, _) => "gRPC API Called");
            }
        };
    }

    private sealed record GrpcApiCall(string Method, int Code, long Milliseconds, string UserAgent) : ILogFields
    {
        public IEnumerable<KeyValuePair<string, string>> Fields
        {
            get
            {
                yield return new("code", Code.ToString(CultureInfo.InvariantCulture));
                yield return new("duration", Milliseconds.ToString(CultureInfo.InvariantCulture));
                yield return new("method", Method);
                if (UserAgent.Length > 0)
                    yield return new("useragent", UserAgent);
            }
        }
    }
}
