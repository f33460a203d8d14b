using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Health;
using Sidecar.Runtime.Hosting.Reload;
using Sidecar.Runtime.Invocation;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Secrets;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Shutdown;
using Sidecar.Runtime.State;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.Hosting;

/// <summary>The parts that a sidecar is made of before it runs.</summary>
internal sealed record SidecarParts(
    SidecarOptions Options,
    ResourceSet Resources,
    SharedResources Shared,
    ComponentRegistry Components,
    HttpAppChannel App,
    INameResolver Names,
    SidecarState State,
    ShutdownRequest Shutdown,
    IReadOnlyList<IPAddress> Addresses,
    InternalListener? Internal);

/// <summary>The port at which sidecars of other processes call. With no wish, the system gives one when it is bound.</summary>
internal sealed class InternalListener(int wish)
{
    private ListenOptions? _bound;

    /// <summary>As bound; before that, the wish.</summary>
    public int Port => _bound?.IPEndPoint?.Port ?? wish;

    public void Listen(KestrelServerOptions server) => server.Listen(IPAddress.Loopback, wish, listen =>
    {
        listen.Protocols = HttpProtocols.Http2;
        _bound = listen;
    });
}

/// <summary>Table of contents of a sidecar: every slice is added and mapped here, and its listeners are declared.</summary>
internal static class SidecarApplication
{
    public static WebApplication Build(SidecarParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddProvider(new SidecarLoggerProvider(parts.Options)).SetMinimumLevel(parts.Options.LogLevel);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => Listen(server, parts));
        AddServices(builder.Services, parts);

        var app = builder.Build();
        var underWay = app.Services.GetRequiredService<RequestsUnderWay>();
        app.Use((context, next) => CountedAsync(context, next, underWay));
        if (parts.Internal is { } listener)
            app.UseWhen(context => context.Connection.LocalPort == listener.Port, branch => branch.Run(InternalHttp.HandleAsync));
        if (parts.Options.ApiToken is { } token)
            app.Use(ApiTokenCheck.For(token));
        app.Use(CollapseSlashes);
        app.UseRouting();
        MapRoutes(app);
        return app;
    }

    private static void AddServices(IServiceCollection services, SidecarParts parts)
    {
        services.AddRoutingCore();
        services.AddSingleton<IHostLifetime, OwnedLifetime>();
        services.AddSingleton(parts.Options);
        services.AddSingleton(parts.Options.Time);
        services.AddSingleton(new LiveResources(parts.Resources));
        services.AddSingleton(parts.Shared);
        services.AddSingleton(parts.Components);
        services.AddSingleton<ComponentLoader>();
        services.AddSingleton<RequestsUnderWay>();
        services.AddSingleton<FeatureTurns>();
        services.AddSingleton<IAppChannel>(parts.App);
        services.AddSingleton(parts.Names);
        services.AddSingleton(parts.State);
        services.AddSingleton(parts.Shutdown);
        services.AddSingleton<AppProbe>();
        services.AddSingleton<ISidecarFeature, AppConfigQuestion>();

        services.AddInvocation();
        services.AddPubSub();
        services.AddState();
        services.AddSecrets();
        services.AddMetadata();
        services.AddHotReload();
    }

    private static void MapRoutes(WebApplication app)
    {
        app.MapPubSub();
        app.MapState();
        app.MapSecrets();
        app.MapMetadata();
        app.MapHealth();
        app.MapShutdown();
        app.MapInvocation();
    }

    private static void Listen(KestrelServerOptions server, SidecarParts parts)
    {
        var options = parts.Options;
        server.AddServerHeader = false;
        server.RequestHeaderEncodingSelector = static _ => PlainTransport.HeaderEncoding;
        server.ResponseHeaderEncodingSelector = static _ => PlainTransport.HeaderEncoding;
        SetLimits(server.Limits, options);
        foreach (var address in parts.Addresses)
            server.Listen(address, options.HttpPort, Http1);
        if (parts.Addresses.Count == 0)
            server.ListenLocalhost(options.HttpPort, Http1);
        parts.Internal?.Listen(server);
    }

    private static void SetLimits(KestrelServerLimits limits, SidecarOptions options)
    {
        // Go's server reads as much beyond its limit. Here it is what the caller's sidecar adds to a request on its way to the
        // callee's: the limits are those of both ports.
        var headers = options.ReadBufferSize + (4 * 1024);
        limits.MaxRequestBodySize = options.MaxBodySize > 0 ? options.MaxBodySize : null;
        limits.MaxRequestBufferSize = Math.Max(limits.MaxRequestBufferSize ?? 0, headers);
        limits.MaxRequestHeadersTotalSize = headers;
        limits.MaxRequestLineSize = headers;
        limits.Http2.MaxRequestHeaderFieldSize = Math.Max(limits.Http2.MaxRequestHeaderFieldSize, headers);
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.Http2.MaxStreamsPerConnection = 10_000;
    }

    private static void Http1(ListenOptions listen) => listen.Protocols = HttpProtocols.Http1;

    // Doubled slashes do not count in routing (contract 2.0); the server has resolved dots by now.
    private static Task CollapseSlashes(HttpContext context, RequestDelegate next)
    {
        if (context.Request.Path.Value is { } path && path.Contains("//", StringComparison.Ordinal))
            context.Request.Path = "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
        return next(context);
    }

    private static async Task CountedAsync(HttpContext context, RequestDelegate next, RequestsUnderWay underWay)
    {
        var generation = underWay.Enter();
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception gone) when (gone is ConnectionResetException || (gone is OperationCanceledException && context.RequestAborted.IsCancellationRequested))
        {
            // The caller went away; nobody is left to answer.
        }
        catch (Exception failure)
        {
            context.RequestServices.GetRequiredService<ILogger<SidecarInstance>>().RequestFailed(context.Request.Method, context.Request.Path.Value ?? "", failure);
            await context.WriteErrorAsync(CommonErrors.Unclassified(failure.Message)).ConfigureAwait(false);
        }
        finally
        {
            generation.Leave();
        }
    }

    /// <summary>A sidecar never listens to the process's signals itself: whoever made it stops it.</summary>
    private sealed class OwnedLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
