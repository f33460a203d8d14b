using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Sidecar.Grpc.Tests.Support;

/// <summary>A server of ours on a free port, and a channel to it.</summary>
internal sealed class GrpcHost : IAsyncDisposable
{
    private GrpcHost(WebApplication app, int port, GrpcChannelOptions? channel)
    {
        (App, Port) = (app, port);
        Server = app.Services.GetRequiredService<GrpcServer>();
        Channel = GrpcChannel.ForAddress(Address, channel);
    }

    /// <summary>What came out of the server's handling of a request, where nothing ever should.</summary>
    public ConcurrentQueue<Exception> Escaped { get; private init; } = [];

    public WebApplication App { get; }

    public int Port { get; }

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public GrpcServer Server { get; }

    public GrpcChannel Channel { get; }

    public static async Task<GrpcHost> StartAsync(
        Action<IEndpointRouteBuilder> map,
        Action<GrpcServerOptions>? configure = null,
        TimeProvider? clock = null,
        GrpcChannelOptions? channel = null,
        Action<ListenOptions>? listen = null,
        Action<KestrelServerOptions>? kestrel = null,
        bool hasFallback = true)
    {
        var port = FreePorts.Next();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.UseGrpcLimits();
            kestrel?.Invoke(server);
            server.ListenLocalhost(port, listen ?? (listener => listener.UseHttp2Cleartext()));
        });
        builder.Services.AddGrpcServer(configure);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        if (clock is not null)
            builder.Services.AddSingleton(clock);
        var app = builder.Build();
        var escaped = new ConcurrentQueue<Exception>();
        app.Use(async (_, next) =>
        {
            try
            {
                await next();
            }
            catch (Exception failure)
            {
                escaped.Enqueue(failure);
                throw;
            }
        });
        map(app);
        if (hasFallback)
            app.MapGrpcFallback();
        await app.StartAsync();
        return new GrpcHost(app, port, channel) { Escaped = escaped };
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await App.DisposeAsync();
        Assert.Empty(Escaped);
    }
}
