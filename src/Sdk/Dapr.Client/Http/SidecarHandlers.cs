namespace Dapr.Client;

/// <summary>
/// The connection pool that all clients of this process share: an app talks to one sidecar, and connections are worth more
/// than isolation. Clients therefore never dispose it.
/// </summary>
internal static class SidecarHandlers
{
    public static SocketsHttpHandler Shared { get; } = new()
    {
        // Sidecars behind a name (DAPR_HTTP_ENDPOINT) may move; those on loopback do not mind a new connection now and then.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
    };
}
