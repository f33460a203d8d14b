using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What arrived at the app.</summary>
internal sealed record Arrival(string Path, IHeaderDictionary Headers, byte[] Body)
{
    public JsonElement Json => JsonElement.Parse(Body);
}

/// <summary>An app on a real port, and the channel to it.</summary>
internal sealed class TestApp : IAppChannel, IAsyncDisposable
{
    private readonly WebApplication _server;
    private readonly Channel<Arrival> _arrivals = Channel.CreateUnbounded<Arrival>();
    private HttpClient _client = new();

    private TestApp(WebApplication server) => _server = server;

    public bool HasApp { get; init; } = true;

    /// <summary>Answers deliveries.</summary>
    public Func<HttpContext, Task> Reply { get; set; } = _ => Task.CompletedTask;

    /// <summary>Answer to <c>/dapr/subscribe</c>; null = 404.</summary>
    public string? Subscriptions { get; set; }

    public int SubscribeStatus { get; set; } = StatusCodes.Status200OK;

    public ConcurrentQueue<IHeaderDictionary> SubscribeQuestions { get; } = new();

    public Func<Exception?> FailConnection { get; set; } = () => null;

    public static async Task<TestApp> StartAsync(bool hasApp = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = new TestApp(builder.Build()) { HasApp = hasApp };
        app._server.Run(app.AnswerAsync);
        await app._server.StartAsync();
        app._client = new HttpClient { BaseAddress = new Uri(app._server.Urls.First()) };
        return app;
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        FailConnection() is { } failure ? throw failure : _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);

    /// <summary>What the request brought that <see cref="Reply"/> answers just now.</summary>
    public Arrival Handling(HttpContext context) => (Arrival)context.Items[this]!;

    /// <summary>The next delivery.</summary>
    public Task<Arrival> NextAsync() => _arrivals.Reader.ReadAsync().AsTask().WithinAsync("a delivery to the app");

    /// <summary>True when no delivery has come that <see cref="NextAsync"/> did not return.</summary>
    public bool IsIdle => _arrivals.Reader.Count == 0;

    public void ReplyWith(int status, string body = "", string contentType = "application/json") => Reply = async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(body));
    };

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _client.Dispose();
    }

    // The server reuses the dictionary for the next request.
    private static HeaderDictionary CopyOf(IHeaderDictionary headers) => new(headers.ToDictionary(StringComparer.OrdinalIgnoreCase));

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path == "/dapr/subscribe")
        {
            SubscribeQuestions.Enqueue(CopyOf(context.Request.Headers));
            context.Response.StatusCode = Subscriptions is null ? StatusCodes.Status404NotFound : SubscribeStatus;
            await context.Response.WriteAsync(Subscriptions ?? "");
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var arrival = new Arrival(context.Request.Path, CopyOf(context.Request.Headers), body.ToArray());
        context.Items[this] = arrival;
        await _arrivals.Writer.WriteAsync(arrival);
        await Reply(context);
    }
}
