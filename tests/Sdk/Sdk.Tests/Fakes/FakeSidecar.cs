using System.Collections.Concurrent;
using System.Text;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Sdk.Tests.Fakes;

/// <summary>A request as the sidecar saw it. The target is as it came over the wire, with its escapes.</summary>
internal sealed record SeenRequest(string Method, string Target, IHeaderDictionary Headers, string Body);

/// <summary>A web server in the sidecar's place: records every request and answers as the test says, else with 204.</summary>
internal sealed class FakeSidecar : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<SeenRequest> _seen = new();

    private FakeSidecar(WebApplication app) => _app = app;

    public string Endpoint => _app.Urls.Single();

    public SeenRequest Only => Assert.Single(_seen);

    public IReadOnlyCollection<SeenRequest> Seen => _seen;

    /// <summary>How the sidecar answers.</summary>
    public RequestDelegate Answer { get; set; } = context =>
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    };

    public static async Task<FakeSidecar> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var sidecar = new FakeSidecar(builder.Build());
        sidecar._app.Run(sidecar.HandleAsync);
        await sidecar._app.StartAsync();
        return sidecar;
    }

    public DaprClient CreateClient(Action<DaprClientBuilder>? configure = null)
    {
        var builder = new DaprClientBuilder().UseHttpEndpoint(Endpoint);
        configure?.Invoke(builder);
        return builder.Build();
    }

    /// <summary>Answers everything with this status and body.</summary>
    public void AnswerWith(int status, string body = "", string? etag = null) => Answer = async context =>
    {
        context.Response.StatusCode = status;
        if (etag is not null)
            context.Response.Headers["ETag"] = etag;
        if (body.Length == 0)
            return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
    };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        var headers = new HeaderDictionary(context.Request.Headers.ToDictionary());
        _seen.Enqueue(new SeenRequest(context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, headers, body));
        await Answer(context);
    }
}
