using System.Collections.Frozen;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Telemetry;

/// <summary>One log line per call of the API (contract 4.3, <c>logging.apiLogging</c>), for those who ask for it.</summary>
internal static class ApiCallLog
{
    private const string Scope = "dapr.runtime.http-info";

    /// <summary>What Dapr calls its routes, for lines that must not hold what a caller wrote into a URL.</summary>
    private static readonly FrozenDictionary<string, string> Names = new Dictionary<string, string>
    {
        ["GET state"] = "GetState",
        ["POST state"] = "SaveState",
        ["PUT state"] = "SaveState",
        ["DELETE state"] = "DeleteState",
        ["GET secrets"] = "GetSecret",
        ["POST publish"] = "PublishEvent",
        ["PUT publish"] = "PublishEvent",
        ["GET metadata"] = "GetMetadata",
        ["PUT metadata"] = "SetMetadata",
        ["GET healthz"] = "Healthz",
        ["POST shutdown"] = "Shutdown",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static Func<HttpContext, RequestDelegate, Task> For(ILoggerFactory loggers, ApiLoggingSettings settings, TimeProvider time)
    {
        var logger = loggers.CreateLogger(Scope);
        return async (context, next) =>
        {
            if (settings.OmitHealthChecks && context.Request.Path.StartsWithSegments("/v1.0/healthz", StringComparison.OrdinalIgnoreCase))
            {
                await next(context).ConfigureAwait(false);
                return;
            }

            var began = time.GetTimestamp();
            var plain = context.Features.GetRequiredFeature<IHttpResponseBodyFeature>();
            var counted = new CountingStream(plain.Stream);
            context.Features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(counted, plain));
            try
            {
                await next(context).ConfigureAwait(false);
            }
            finally
            {
                // An empty answer must not begin here, or it would lose its Content-Length.
                if (context.Response.BodyWriter.UnflushedBytes > 0)
                    await context.Response.BodyWriter.FlushAsync(CancellationToken.None).ConfigureAwait(false);
                context.Features.Set(plain);
                Write(logger, context, settings, counted.Written, time.GetElapsedTime(began));
            }
        };
    }

    private static void Write(ILogger logger, HttpContext context, ApiLoggingSettings settings, long size, TimeSpan duration)
    {
        var call = new ApiCall(
            settings.ObfuscateUrls ? Name(context) : $"{context.Request.Method} {RawPath.Escaped(context)}",
            context.Response.StatusCode, size, (long)duration.TotalMilliseconds, context.Request.Headers.UserAgent.ToString());
        logger.Log(LogLevel.Information, default, call, null, static (_, _) => "HTTP API Called");
    }

    private static string Name(HttpContext context)
    {
        var pattern = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        return pattern.Split('/', StringSplitOptions.RemoveEmptyEntries) is [_, var block, ..] && Names.TryGetValue($"{context.Request.Method} {block}", out var name)
            ? name
            : pattern.Contains("invoke", StringComparison.Ordinal) || pattern.Contains("**path", StringComparison.Ordinal) ? "InvokeService" : pattern;
    }

    private sealed record ApiCall(string Method, int Code, long Size, long Milliseconds, string UserAgent) : ILogFields
    {
        public IEnumerable<KeyValuePair<string, string>> Fields
        {
            get
            {
                yield return new("code", Code.ToString(CultureInfo.InvariantCulture));
                yield return new("duration", Milliseconds.ToString(CultureInfo.InvariantCulture));
                yield return new("method", Method);
                yield return new("size", Size.ToString(CultureInfo.InvariantCulture));
                if (UserAgent.Length > 0)
                    yield return new("useragent", UserAgent);
            }
        }
    }
}

/// <summary>A log state with fields of its own beside the message.</summary>
internal interface ILogFields
{
    IEnumerable<KeyValuePair<string, string>> Fields { get; }
}
