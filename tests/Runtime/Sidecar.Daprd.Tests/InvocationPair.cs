using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Two real sidecars that know each other, and the app of one of them.</summary>
public sealed class InvocationPair : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private DaprdProcess? _callee;

    public TestApp App { get; private set; } = null!;

    internal DaprdProcess Caller { get; private set; } = null!;

    internal DaprdProcess Callee => _callee!;

    public async ValueTask InitializeAsync()
    {
        App = await TestApp.StartAsync();
        Caller = DaprdProcess.Start(_folder, "caller", 0, ["--max-body-size", "64Mi"]);
        await StartCalleeAsync();
        await Caller.HealthyAsync();
    }

    public async Task StartCalleeAsync()
    {
        _callee = DaprdProcess.Start(
            _folder, "callee", App.Port, ["--max-body-size", "64Mi"], new Dictionary<string, string?> { ["APP_API_TOKEN"] = "for-the-app" });
        await _callee.HealthyAsync();
    }

    public async Task KillCalleeAsync()
    {
        _callee!.Process.KillAlone();
        await _callee.Process.ExitAsync();
        await _callee.DisposeAsync();
        _callee = null;
    }

    public async ValueTask DisposeAsync()
    {
        await Caller.DisposeAsync();
        if (_callee is not null)
            await _callee.DisposeAsync();
        await App.DisposeAsync();
        _folder.Dispose();
    }
}
