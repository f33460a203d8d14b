using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace TestSupport;

/// <summary>What an app under test was asked.</summary>
public sealed record AppRequest(string Method, string Path, string Query, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);
}

/// <summary>A small app on a free port that notes every request and answers as a test says; 404 where nothing is said.</summary>
public sealed class TestApp : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, Func<HttpContext, AppRequest, Task>> _handlers = new(StringComparer.Ordinal);
    private readonly Channel<AppRequest> _requests = Channel.CreateUnbounded<AppRequest>();
    private WebApplication? _host;

    public int Port { get; } = FreePorts.Next();

    /// <summary>All requests so far, oldest first.</summary>
    public ConcurrentQueue<AppRequest> Seen { get; } = new();

    public static async Task<TestApp> StartAsync(Action<TestApp>? configure = null)
    {
        var app = new TestApp();
        configure?.Invoke(app);
        await app.StartListeningAsync();
        return app;
    }

    /// <summary>An app that does not listen until <see cref="StartListeningAsync"/>.</summary>
    public static TestApp NotListening() => new();

    public TestApp On(string path, Func<HttpContext, AppRequest, Task> answer)
    {
        _handlers[path] = answer;
        return this;
    }

    public TestApp On(string path, int status, string body = "", string contentType = "application/json") => On(path, async (context, _) =>
    {
        context.Response.StatusCode = status;
        if (body.Length == 0)
            return;
        context.Response.ContentType = contentType;
        await context.Response.WriteAsync(body);
    });

    /// <summary>The next request to the path that no earlier call returned.</summary>
    public async Task<AppRequest> NextAsync(string path, TimeSpan? patience = null)
    {
        while (true)
        {
            var request = await _requests.Reader.ReadAsync().AsTask().WithinAsync($"a request to {path} of the app", patience);
            if (request.Path == path)
                return request;
        }
    }

    /// <summary>Drops what it has noted and been told, for the next test that shares it.</summary>
    public void Forget()
    {
        _handlers.Clear();
        Seen.Clear();
        while (_requests.Reader.TryRead(out _))
        {
        }
    }

    public async Task StartListeningAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(Port));
        _host = builder.Build();
        _host.Run(HandleAsync);
        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        var raw = context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
        var request = new AppRequest(
            context.Request.Method,
            raw.Split('?')[0],
            context.Request.QueryString.Value ?? "",
            context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            body.ToArray());
        Seen.Enqueue(request);
        if (_handlers.TryGetValue(request.Path, out var handler))
            await handler(context, request);
        else
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        _requests.Writer.TryWrite(request);
    }
}
