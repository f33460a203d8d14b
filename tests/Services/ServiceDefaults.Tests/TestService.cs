using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Shop.ServiceDefaults;

namespace ServiceDefaults.Tests;

/// <summary>A service on the defaults, as a real Program.cs would build it, on a port of its own.</summary>
internal sealed class TestService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private TestService(WebApplication app)
    {
        _app = app;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Client { get; }

    public static async Task<TestService> StartAsync(string[]? args = null, Action<WebApplication>? map = null, Action<ServiceDefaultsOptions>? configure = null)
    {
        var builder = ShopService.CreateBuilder(["--urls=http://127.0.0.1:0", .. args ?? []], configure);
        var app = builder.Build();
        app.UseServiceDefaults();
        map?.Invoke(app);
        await app.StartAsync();
        return new TestService(app);
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}

/// <summary>A web server that answers as the test says: a sidecar or a telemetry collector.</summary>
internal sealed class Stub : IAsyncDisposable
{
    private readonly WebApplication _app;

    private Stub(WebApplication app) => _app = app;

    public string Address => _app.Urls.Single();

    public static async Task<Stub> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0", "--Logging:LogLevel:Default=None"]);
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        return new Stub(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
