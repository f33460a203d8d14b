using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Middleware;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Middleware;

/// <summary>
/// The middleware that the Configuration puts before the HTTP API (<c>httpPipeline</c>) and before the app (<c>appHttpPipeline</c>), in its
/// order (contract sections 4.3 and 6.16). It follows components as these come and go; one that is not there is left out, with a line.
/// </summary>
internal sealed class HttpPipelines(LiveResources resources, ComponentRegistry components, ILogger<HttpPipelines> logger) : ISidecarFeature
{
    private volatile IHttpMiddleware[] _api = [];
    private volatile IHttpMiddleware[] _app = [];

    /// <summary>Before the app, the first first.</summary>
    public IReadOnlyList<IHttpMiddleware> App => _app;

    public Task OnComponentsLoadedAsync(CancellationToken cancellationToken) => Resolve();

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) => component.Component is IHttpMiddleware ? Resolve() : Task.CompletedTask;

    public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken) => component.Component is IHttpMiddleware ? Resolve() : Task.CompletedTask;

    public Task OnResourcesChangedAsync(ResourceSet before, ResourceSet now, CancellationToken cancellationToken) => Resolve();

    /// <summary>Of the HTTP API.</summary>
    public Task HandleAsync(HttpContext context, RequestDelegate next)
    {
        var pipeline = _api;
        return pipeline.Length == 0 ? next(context) : RunAsync(pipeline, context, next);
    }

    private static async Task RunAsync(IHttpMiddleware[] pipeline, HttpContext context, RequestDelegate next)
    {
        var request = new ApiRequest(context);
        foreach (var middleware in pipeline)
        {
            if (await middleware.HandleAsync(request, context.RequestAborted).ConfigureAwait(false) is not { } answer)
                continue;
            context.Response.StatusCode = answer.Status;
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync(answer.Text, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        await next(context).ConfigureAwait(false);
    }

    private Task Resolve()
    {
        var configuration = resources.Current.Configuration;
        _api = [.. Find(configuration.HttpPipeline, "httpPipeline")];
        _app = [.. Find(configuration.AppHttpPipeline, "appHttpPipeline")];
        return Task.CompletedTask;
    }

    private IEnumerable<IHttpMiddleware> Find(IReadOnlyList<PipelineHandler> handlers, string pipeline)
    {
        foreach (var handler in handlers)
        {
            if (components.Find(handler.Name) is { Component: IHttpMiddleware middleware } found && found.Resource.Type.Equals(handler.Type, StringComparison.OrdinalIgnoreCase))
                yield return middleware;
            else
                logger.MiddlewareMissing(handler.Name, handler.Type, pipeline);
        }
    }
}
