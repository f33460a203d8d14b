using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.NameResolution;

/// <summary>A sidecar of this process: a call goes straight to its app.</summary>
internal sealed class LocalPeer(SidecarOptions options, IAppChannel app, GrpcAppChannel grpc) : ISidecarPeer
{
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!app.HasApp)
            throw new HttpRequestException($"{options.AppId} has no app (its sidecar was started without --app-port)");
        return options.Spans.HasListeners() ? TraceAsync(request, cancellationToken) : app.SendAsync(request, cancellationToken);
    }

    public Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken) => grpc.ForwardAsync(request, cancellationToken);

    private async Task<HttpResponseMessage> TraceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var span = SidecarSpans.StartCall(options, request);
        var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        span?.SetStatus((int)response.StatusCode);
        return response;
    }
}
