using Sidecar.Testing;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Two real sidecars that know each other, and the app of one of them: in one process, or as processes.</summary>
public abstract class InvocationPair(string? daprd) : IAsyncLifetime
{
    private DaprTestHost? _host;

    public TestApp App { get; private set; } = null!;

    internal SidecarEnd Caller => End("caller");

    internal SidecarEnd Callee => End("callee");

    public async ValueTask InitializeAsync()
    {
        App = await TestApp.StartAsync();
        _host = await DaprTestHost.StartAsync(host => host
            .UseDaprd(daprd)
            .Patience(Eventually.Patience)
            .Environment("APP_API_TOKEN", "for-the-app")
            .Sidecars(options => options with { MaxBodySize = 64 * 1024 * 1024 })
            .Flag("max-body-size", "64Mi")
            .SidecarOnly("caller")
            .AppAt("callee", App.Port));
    }

    public Task StartCalleeAsync() => _host!["callee"].StartSidecarAsync();

    public Task KillCalleeAsync() => _host!["callee"].CrashSidecarAsync();

    public async ValueTask DisposeAsync()
    {
        await _host!.DisposeAsync();
        await App.DisposeAsync();
    }

    private SidecarEnd End(string appId) => new(_host![appId].Sidecar, _host[appId].HttpPort, _host.Log.ToString());
}

public sealed class CoHostedPair() : InvocationPair(null);

public sealed class IsolatedPair() : InvocationPair(Path.Combine(AppContext.BaseDirectory, "daprd.dll"));

/// <summary>A sidecar as a caller of its API sees it.</summary>
/// <param name="Output">What the sidecars have logged up to now.</param>
internal sealed record SidecarEnd(HttpClient Client, int HttpPort, string Output);
