using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Sidecar.Grpc;

/// <summary>Limits of the web server that are meant for HTTP requests.</summary>
internal static class HttpLimits
{
    /// <summary>An idle stream is no slow body, and the sum of a stream's messages has no limit.</summary>
    public static void Lift(IFeatureCollection features)
    {
        if (features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate)
            rate.MinDataRate = null;
        if (features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
    }
}
