using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Sidecar.Cli.Tests.Commands;

/// <summary>Notes what a command sends to a sidecar's socket.</summary>
internal sealed class SocketSidecar : IAsyncDisposable
{
    private readonly WebApplication _host;

    private SocketSidecar(string socket)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenUnixSocket(socket));
        _host = builder.Build();
        _host.Run(context =>
        {
            Requests.Enqueue($"{context.Request.Method} {context.Features.Get<IHttpRequestFeature>()!.RawTarget} {context.Request.ContentType}");
            return context.Response.WriteAsync("from the socket");
        });
    }

    /// <summary>Verb, path with query, and content type of each.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public static async Task<SocketSidecar> StartAsync(string socket)
    {
        var sidecar = new SocketSidecar(socket);
        await sidecar._host.StartAsync();
        return sidecar;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
