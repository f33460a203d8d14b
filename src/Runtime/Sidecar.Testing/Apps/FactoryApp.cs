using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;

namespace Sidecar.Testing.Apps;

/// <summary>A whole app, its own <c>Program</c> included, on a real port: its sidecar calls it there, as any <c>daprd</c> could.</summary>
internal sealed class FactoryApp<TEntryPoint>(WebApplicationFactory<TEntryPoint> factory, Action<IWebHostBuilder>? configure) : ITestApp
    where TEntryPoint : class
{
    private WebApplicationFactory<TEntryPoint>? _started;

    public IServiceProvider? Services => _started?.Services;

    public Task StartAsync(AppSurroundings surroundings, CancellationToken cancellationToken)
    {
        var started = factory.WithWebHostBuilder(host =>
        {
            foreach (var (name, value) in surroundings.Settings)
                host.UseSetting(name, value);
            host.UseUrls($"http://127.0.0.1:{surroundings.Port}");
            host.ConfigureLogging(logging => logging.ClearProviders().AddProvider(surroundings.Logs()));
            host.ConfigureTestServices(surroundings.AddTo);
            configure?.Invoke(host);
        });
        started.UseKestrel();

        // Starting is synchronous and may take a while.
        return Task.Run(
            () =>
            {
                started.StartServer();
                _started = started;
            },
            cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
            await _started.DisposeAsync().ConfigureAwait(false);
        await factory.DisposeAsync().ConfigureAwait(false);
    }
}
