using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Shop.ServiceDefaults;

namespace Services.Tests.Fakes;

/// <summary>A service with its real pipeline, in memory, on a fake sidecar.</summary>
internal sealed class ServiceHost : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ServiceHost(WebApplication app, FakeDapr dapr)
    {
        _app = app;
        Dapr = dapr;
        Client = app.GetTestClient();
    }

    public FakeDapr Dapr { get; }

    public HttpClient Client { get; }

    /// <summary>The way in for clients that are no <see cref="HttpClient"/>; the caller's to dispose of.</summary>
    public HttpMessageHandler CreateHandler() => _app.GetTestServer().CreateHandler();

    public IServiceProvider Services => _app.Services;

    public static async Task<ServiceHost> StartAsync(
        Action<IServiceCollection> add, Action<WebApplication> map, FakeDapr? dapr = null, TimeProvider? clock = null)
    {
        var fake = dapr ?? new FakeDapr(new FakeStore(), new FakeBus());
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.AddServiceDefaults();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddSingleton<DaprClient>(fake);
        add(builder.Services);

        var app = builder.Build();
        app.UseServiceDefaults();
        map(app);
        await app.StartAsync();
        return new ServiceHost(app, fake);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
