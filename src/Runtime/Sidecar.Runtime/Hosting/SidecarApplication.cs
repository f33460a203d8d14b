using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Grpc;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Bindings;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Health;
using Sidecar.Runtime.Hosting.Reload;
using Sidecar.Runtime.Invocation;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.Middleware;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.PubSub;
using Sidecar.Runtime.Resiliency;
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
    AppConnection App,
    INameResolver Names,
    SidecarIdentity Identity,
    SidecarState State,
    ShutdownRequest Shutdown,
    SidecarListeners Listeners);

/// <summary>Table of contents of a sidecar: every slice is added and mapped here, and its listeners are declared.</summary>
internal static class SidecarApplication
{
    // The web server's own activity and log scope per request, which it makes for a log that would take anything of this
    // category. Nothing of it is shown: the sidecar traces and logs by itself.
    private const string RequestDiagnostics = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public static WebApplication Build(SidecarParts parts)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.AddProvider(new SidecarLoggerProvider(parts.Options)).SetMinimumLevel(parts.Options.LogLevel)
            .AddFilter(RequestDiagnostics, LogLevel.None);
        builder.WebHost.UseKestrelCore().UseSockets(Schedule).ConfigureKestrel(server => Listen(server, parts));
        AddServices(builder.Services, parts);

        var app = builder.Build();
        var underWay = app.Services.GetRequiredService<RequestsUnderWay>();
        app.Use((context, next) => CountedAsync(context, next, underWay));
        var access = parts.Resources.Configuration.Api is { } api ? new ApiAccess(api) : null;
        app.Use(ByListener(app, parts, access));
        if (parts.Options.AllowedOrigins.Count > 0)
            app.Use(new Cors(parts.Options.AllowedOrigins).HandleAsync);
        if (parts.Options.ApiToken is { } token)
            app.Use(ApiTokenCheck.For(token, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ApiTokenCheck))));
        app.Use(ApiSpans.For(parts.Options));
        app.Use(app.Services.GetRequiredService<HttpPipelines>().HandleAsync);
        if (LogsApiCalls(parts))
            app.Use(ApiCallLog.For(app.Services.GetRequiredService<ILoggerFactory>(), parts.Resources.Configuration.ApiLogging, parts.Options.Time));
        app.Use(CollapseSlashes);
        app.UseRouting();
        if (access is not null)
            app.Use(access.HandleHttpAsync);
        MapRoutes(app);
        return app;
    }

    /// <summary>What comes in elsewhere than at the HTTP API has a pipeline of its own.</summary>
    private static Func<HttpContext, RequestDelegate, Task> ByListener(WebApplication app, SidecarParts parts, ApiAccess? access)
    {
        var grpc = Branch(app, branch => MapGrpcApi(branch, parts, access));
        var open = Branch(app, branch => MapPublicRoutes(branch, access));
        var inner = InternalHttp.Handler(app.Services);
        return (context, next) => ListenerRoles.Of(context) switch
        {
            ListenerRole.Grpc => grpc(context),
            ListenerRole.Internal => inner(context),
            ListenerRole.Public => open(context),
            _ => next(context),
        };
    }

    private static RequestDelegate Branch(IApplicationBuilder app, Action<IApplicationBuilder> configure)
    {
        var branch = app.New();
        configure(branch);
        return branch.Build();
    }

    private static void AddServices(IServiceCollection services, SidecarParts parts)
    {
        services.AddRoutingCore();
        services.AddGrpcServer(options => Limit(options, parts.Options));
        services.AddSingleton<IHostLifetime, OwnedLifetime>();
        services.AddSingleton(SidecarSpans.WebServer);
        services.AddSingleton(parts.Options);
        services.AddSingleton(parts.Options.Time);
        services.AddSingleton(new LiveResources(parts.Resources));
        services.AddSingleton(parts.Shared);
        services.AddSingleton(parts.Components);
        services.AddSingleton<ISecretReader, RegistrySecrets>();
        services.AddSingleton<ComponentLoader>();
        services.AddSingleton<RequestsUnderWay>();
        services.AddSingleton<FeatureTurns>();
        services.AddSingleton(parts.App.Channel);
        services.AddSingleton(parts.App.Grpc);
        services.AddSingleton(parts.Names);
        services.AddSingleton(parts.Identity);
        services.AddSingleton<AccessControl>();
        services.AddSingleton<HttpPipelines>();
        services.AddSingleton<ISidecarFeature>(provider => provider.GetRequiredService<HttpPipelines>());
        services.AddSingleton(parts.State);
        services.AddSingleton(parts.Shutdown);
        services.AddSingleton<AppProbe>();
        services.AddSingleton<AppRestarts>();
        services.AddSingleton<ISidecarFeature, AppConfigQuestion>();

        services.AddInvocation();
        services.AddPubSub();
        services.AddState();
        services.AddBindings();
        services.AddSecrets();
        services.AddMetadata();
        services.AddSingleton<ISidecarFeature, AppHealthObservation>();
        services.AddHotReload();
    }

    private static void MapRoutes(WebApplication app)
    {
        app.MapPubSub();
        app.MapState();
        app.MapBindings();
        app.MapSecrets();
        app.MapMetadata();
        app.MapResiliency();
        app.MapHealth();
        app.MapShutdown();
        app.MapInvocation();
    }

    private static void MapGrpcApi(IApplicationBuilder app, SidecarParts parts, ApiAccess? access)
    {
        if (parts.Options.ApiToken is { } token)
            app.Use(ApiTokenCheck.ForGrpc(token, app.ApplicationServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ApiTokenCheck))));
        if (access is not null)
            app.Use(access.HandleGrpcAsync);
        app.Use(BinaryTrace.AdoptAsync);
        app.Use(GrpcSpans.For(parts.Options));
        if (LogsApiCalls(parts))
            app.Use(GrpcCallLog.For(app.ApplicationServices.GetRequiredService<ILoggerFactory>(), parts.Options.Time));
        app.UseGrpcProxy();
        app.UseRouting();
        app.UseEndpoints(routes =>
        {
            routes.MapInvocationGrpc();
            routes.MapPubSubGrpc();
            routes.MapStateGrpc();
            routes.MapSecretsGrpc();
            routes.MapBindingsGrpc();
            routes.MapMetadataGrpc();
            routes.MapShutdownGrpc();
            DaprService.MapUnimplemented(routes);
            routes.MapGrpcReflection(DaprService.Described);
            routes.MapGrpcFallback();
        });
    }

    private static bool LogsApiCalls(SidecarParts parts) => parts.Options.ApiLogging ?? parts.Resources.Configuration.ApiLogging.Enabled;

    // Neither token nor CORS nor invocation there: what these routes do not take is a plain 404 or 405 (contract 2.0).
    private static void MapPublicRoutes(IApplicationBuilder app, ApiAccess? access)
    {
        app.Use(CollapseSlashes);
        app.UseRouting();
        if (access is not null)
            app.Use(NotFoundUnless(access.Serves));
        app.UseEndpoints(routes =>
        {
            routes.MapMetadata();
            routes.MapHealth();
        });
    }

    private static Func<HttpContext, RequestDelegate, Task> NotFoundUnless(Func<HttpContext, bool> isServed) => (context, next) =>
    {
        if (isServed(context))
            return next(context);
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    };

    private static void Listen(KestrelServerOptions server, SidecarParts parts)
    {
        var options = parts.Options;
        server.AddServerHeader = false;
        server.RequestHeaderEncodingSelector = static _ => PlainTransport.HeaderEncoding;
        server.ResponseHeaderEncodingSelector = static _ => PlainTransport.HeaderEncoding;
        SetLimits(server.Limits, options);
        parts.Listeners.Listen(server);
    }

    private static void Schedule(SocketTransportOptions sockets)
    {
        sockets.UnsafePreferInlineScheduling = true;

        // A sidecar has few connections, so memory for one that is silent is cheaper than asking the system twice per request.
        sockets.WaitForDataBeforeAllocatingBuffer = false;
    }

    private static void SetLimits(KestrelServerLimits limits, SidecarOptions options)
    {
        // Go's server reads as much beyond its limit. Here it is what the caller's sidecar adds to a request on its way to the
        // callee's: the limits are those of both ports.
        var headers = options.ReadBufferSize + (4 * 1024);
        limits.MaxRequestBodySize = options.MaxBodySize > 0 ? options.MaxBodySize : null;
        limits.MaxRequestBufferSize = Math.Max(limits.MaxRequestBufferSize ?? 0, headers);
        limits.MaxRequestHeadersTotalSize = headers;
        // Go's server counts bytes alone; a header takes at least four of them.
        limits.MaxRequestHeaderCount = headers / 4;
        limits.MaxRequestLineSize = headers;
        limits.Http2.MaxRequestHeaderFieldSize = Math.Max(limits.Http2.MaxRequestHeaderFieldSize, headers);
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);

        // A body that the sidecar reads comes at some speed, the web server's own least. What streams through it, and answers, may pause.
        limits.MinResponseDataRate = null;
    }

    private static void Limit(GrpcServerOptions server, SidecarOptions options)
    {
        server.MaxReceiveMessageSize = options.MaxMessageSize;

        // Calls under way finish during a graceful stop, as over HTTP; what is left then ends with its connection.
        server.Stopping = CancellationToken.None;
    }

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
        var mayLeaveEarly = ListenerRoles.Of(context) == ListenerRole.Grpc;
        if (mayLeaveEarly)
            context.Features.Set(generation);
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
            var error = CommonErrors.Unclassified(failure.Message);
            var isGrpc = ListenerRoles.Of(context) == ListenerRole.Grpc && !context.Response.HasStarted;
            await (isGrpc ? GrpcFallback.AnswerAsync(context, error.ToGrpc()) : context.WriteErrorAsync(error)).ConfigureAwait(false);
        }
        finally
        {
            if (mayLeaveEarly)
                RequestsUnderWay.LeaveEarly(context);
            else
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
