using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Hosting;

namespace Benchmarks;

/// <summary>
/// What a hop costs by itself: takes a GET and makes the same one at another port, by the same web server and client, set up
/// as those of a sidecar, and nothing else. How near a sidecar comes to it says the same on every machine.
/// </summary>
internal static class Forwarder
{
    public static async Task RunAsync(int port, int target)
    {
        SocketScheduling.PreferInline();
        using var client = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ActivityHeadersPropagator = null });
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(port)).UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        var app = builder.Build();
        app.Run(context => ForwardAsync(context, client, target));
        await app.RunAsync();
    }

    private static async Task ForwardAsync(HttpContext context, HttpMessageInvoker client, int target)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{target}{context.Request.Path}");
        using var response = await client.SendAsync(request, context.RequestAborted);
        var body = await response.Content.ReadAsByteArrayAsync(context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        context.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
