using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Sidecar.Testing.Apps;

/// <summary>An app that a test writes in place: a <see cref="WebApplication"/> with the endpoints of a delegate.</summary>
internal sealed class EndpointsApp(Action<WebApplication> map, Action<WebApplicationBuilder>? build) : ITestApp
{
    private WebApplication? _app;

    public IServiceProvider? Services => _app?.Services;

    public Task StartAsync(AppSurroundings surroundings, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddInMemoryCollection(surroundings.Settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.WebHost.UseUrls($"http://127.0.0.1:{surroundings.Port}");
        builder.Logging.ClearProviders().AddProvider(surroundings.Logs());
        surroundings.AddTo(builder.Services);
        build?.Invoke(builder);
        _app = builder.Build();
        map(_app);
        return _app.StartAsync(cancellationToken);
    }

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}
