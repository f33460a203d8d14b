using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.NameResolution;

/// <summary>A sidecar of this process: a call goes straight to its app.</summary>
internal sealed class LocalPeer(string appId, IAppChannel app) : IPeer
{
    public Task<HttpResponseMessage> InvokeAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        app.HasApp
            ? app.SendAsync(request, cancellationToken)
            : throw new HttpRequestException($"{appId} has no app (its sidecar was started without --app-port)");
}
