namespace Sidecar.Runtime.AppChannel;

/// <summary>Lets nothing through to an app that fails its health checks (contract 2.4 and 2.17).</summary>
internal sealed class AppHealthGate(IAppChannel app, AppHealth health) : IAppChannel
{
    public bool HasApp => app.HasApp;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        health.IsHealthy
            ? app.SendAsync(request, cancellationToken)
            : Task.FromException<HttpResponseMessage>(new HttpRequestException("app is not in a healthy state"));
}
