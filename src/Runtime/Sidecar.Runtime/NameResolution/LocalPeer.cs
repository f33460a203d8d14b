using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.NameResolution;

/// <summary>A sidecar of this process: a call goes straight to its app.</summary>
internal sealed class LocalPeer(SidecarOptions options, IAppChannel app, GrpcAppChannel grpc) : ISidecarPeer
{
    /// <summary>Who calls, where sidecars have certificates: set by the sidecar of the caller, in this process.</summary>
    public static readonly HttpRequestOptionsKey<PeerIdentity> Caller = new("caller");

    /// <summary>What keeps others out; null = the sidecar has not been built yet, and nobody knows it.</summary>
    public AccessControl? Access { get; set; }

    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (!app.HasApp)
            throw new HttpRequestException($"{options.AppId} has no app (its sidecar was started without --app-port)");
        // Its own app's calls pass without a look (contract 2.4).
        if (Access is { IsOpen: false } && !IsOwn(request))
            Check(request);
        return options.Spans.HasListeners() ? TraceAsync(request, cancellationToken) : app.SendAsync(request, cancellationToken);
    }

    public Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Access is { IsOpen: false })
            Check(request);
        return grpc.ForwardAsync(request, cancellationToken);
    }

    private bool IsOwn(HttpRequestMessage request) =>
        request.Headers.NonValidated.TryGetValues(InvocationWire.CallerAppId, out var caller) && caller.ToString().Equals(options.AppId, StringComparison.Ordinal);

    private void Check(HttpRequestMessage request)
    {
        request.Options.TryGetValue(Caller, out var caller);
        if (Access!.Refusal(caller, request.RequestUri!.OriginalString, GrpcInvocation.VerbOf(request)) is { } refusal)
            throw new AccessDeniedException(refusal);
    }

    private async Task<HttpResponseMessage> TraceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var span = SidecarSpans.StartCall(options, request);
        var response = await app.SendAsync(request, cancellationToken).ConfigureAwait(false);
        span?.SetStatus((int)response.StatusCode);
        return response;
    }
}
