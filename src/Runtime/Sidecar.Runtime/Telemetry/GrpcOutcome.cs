using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sidecar.Grpc;

namespace Sidecar.Runtime.Telemetry;

/// <summary>How a call of the gRPC API ended, whoever answered it: a slice, an app behind the sidecar, or nobody.</summary>
internal static class GrpcOutcome
{
    private const string Status = "grpc-status";

    /// <summary>The number of the code. A call that ended without one was broken off.</summary>
    public static int CodeOf(HttpResponse response)
    {
        string? text = response.Headers[Status];
        text ??= response.HttpContext.Features.Get<IHttpResponseTrailersFeature>()?.Trailers[Status];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var code) ? code : (int)StatusCode.Unknown;
    }
}
