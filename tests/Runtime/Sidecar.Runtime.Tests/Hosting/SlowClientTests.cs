using System.Net.Sockets;
using System.Text;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Clients that send hardly anything. The limits are the web server's, in real time, and the tests wait for what they do.</summary>
public sealed class SlowClientTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private TestApp _app = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("components/store.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: { name: store }
            spec: { type: state.in-memory, version: v1 }
            """);
        _app = await TestApp.StartAsync(app => app.On("/x", async (context, request) => await context.Response.Body.WriteAsync(request.Body)));
        _sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = _app.Port });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Whoever_sends_no_whole_header_is_sent_away_and_others_are_served()
    {
        using var slow = await ConnectAsync();
        await SendAsync(slow, "GET /v1.0/metadata HTTP/1.1\r\nHost: h\r\n");

        Assert.StartsWith("HTTP/1.1 408 ", await RestAsync(slow).WithinAsync("the end of the connection"), StringComparison.Ordinal);
        Assert.Equal(200, (await _sidecar.GetAsync("/v1.0/metadata")).Status);
    }

    [Fact]
    public async Task A_body_that_does_not_come_is_given_up_and_one_that_streams_through_may_pause()
    {
        using var streaming = await ConnectAsync();
        await SendAsync(streaming, "POST /v1.0/invoke/me/method/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n");
        using var slow = await ConnectAsync();
        await SendAsync(slow, "POST /v1.0/state/store HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\n[");

        var answer = await RestAsync(slow).WithinAsync("the end of the connection");
        await SendAsync(streaming, "1\r\nb\r\n0\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Contains("ERR_MALFORMED_REQUEST", answer, StringComparison.Ordinal);
        Assert.Contains("ab", await RestAsync(streaming).WithinAsync("the answer"), StringComparison.Ordinal);
        Assert.DoesNotContain(_sidecar.Log, line => line.Contains("failed unexpectedly", StringComparison.Ordinal));
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _sidecar.Instance.HttpPort);
        return client;
    }

    private static Task SendAsync(TcpClient client, string text) => client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    /// <summary>All that still comes, until the other side closes.</summary>
    private static async Task<string> RestAsync(TcpClient client)
    {
        using var rest = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(rest);
        }
        catch (IOException)
        {
            // It was closed while something was still unread.
        }

        return Encoding.Latin1.GetString(rest.ToArray());
    }
}
