using System.Net;
using System.Net.Sockets;
using System.Text;
using Sidecar.Runtime.Telemetry;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>HTTP/2 without TLS, at the port of the HTTP API and by prior knowledge.</summary>
public sealed class Http2Tests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(161)]
    public async Task Contract_161_the_whole_http_api_is_served_over_h2c_beside_http_1()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/tea", 200, "hot"));
        var drivers = new TestDrivers(_folder);
        drivers.AddStore("store");
        drivers.AddBroker("pubsub");
        await using var sidecar = await drivers.StartAsync(options => options with { AppPort = app.Port });
        await sidecar.Instance.Healthy.WithinAsync("health");

        foreach (var version in (Version[])[HttpVersion.Version20, HttpVersion.Version11])
        {
            Assert.Equal((204, ""), await SendAsync(sidecar, version, "GET", "/v1.0/healthz"));
            Assert.Equal((204, ""), await SendAsync(sidecar, version, "POST", "/v1.0/state/store", """[{"key":"k","value":1}]"""));
            Assert.Equal((200, "1"), await SendAsync(sidecar, version, "GET", "/v1.0//state/store/k"));
            Assert.Equal((204, ""), await SendAsync(sidecar, version, "POST", "/v1.0/publish/pubsub/a%2Fb", "x"));
            Assert.Equal((200, "hot"), await SendAsync(sidecar, version, "GET", "/v1.0/invoke/me/method/tea"));
            Assert.Equal(404, (await SendAsync(sidecar, version, "GET", "/nowhere")).Status);
        }
    }

    [Fact]
    public async Task An_error_leaves_the_connection_open_and_says_nothing_of_connections()
    {
        var connections = 0;
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { MaxBodySize = 1024 }, handler: new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellationToken) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        for (var round = 0; round < 3; round++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0/metadata/k") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new ByteArrayContent(new byte[4000]) };
            using var refused = await sidecar.Client.SendAsync(request);
            Assert.Equal(400, (int)refused.StatusCode);
            Assert.Empty(refused.Headers.Connection);
        }

        Assert.Equal(500, (await SendAsync(sidecar, HttpVersion.Version20, "POST", "/v1.0/state/store", "[]")).Status);
        Assert.Equal(1, connections);
    }

    [Theory]
    [InlineData(3_000, true)]
    [InlineData(12_000, false)]
    public async Task The_limit_of_headers_counts_there_too(int size, bool passes)
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        Assert.Equal(passes, await PassesAsync(sidecar, size));
        Assert.Equal((204, ""), await SendAsync(sidecar, HttpVersion.Version20, "GET", "/v1.0/healthz/outbound"));
    }

    [Fact]
    public async Task A_higher_limit_lets_a_long_header_pass()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { ReadBufferSize = 128 * 1024 });

        Assert.True(await PassesAsync(sidecar, 100_000));
    }

    [Theory]
    [InlineData("true")]
    [InlineData(" Yes ")]
    [Contract(161)]
    public async Task Contract_161_a_variable_turns_it_off(string value)
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { Environment = new Dictionary<string, string> { ["DAPR_HTTP_DISABLE_H2C"] = value } });

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => SendAsync(sidecar, HttpVersion.Version20, "GET", "/v1.0/healthz/outbound"));
        Assert.Equal((204, ""), await SendAsync(sidecar, HttpVersion.Version11, "GET", "/v1.0/healthz/outbound"));
    }

    [Fact]
    public async Task An_upgrade_to_h2c_is_passed_over_and_answered_over_http_1()
    {
        await using var sidecar = await TestSidecar.StartAsync(_folder);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, sidecar.Instance.HttpPort);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "GET /v1.0/healthz/outbound HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"));

        using var reader = new StreamReader(client.GetStream());
        Assert.StartsWith("HTTP/1.1 204", await reader.ReadLineAsync().WithinAsync("the answer"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("AAAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE=", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("AQAK92UZFs1D3YRI6yEcgDGcAbeta3FpIDMxAgE", null)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAbeta3FpIDMxAgE", null)]
    [InlineData("AAAK92UZFs1D3YRI6yEcgDGc", null)]
    [InlineData("not base64!", null)]
    [InlineData("", null)]
    public void A_binary_trace_context_is_read_or_passed_over(string header, string? expected)
    {
        Assert.Equal(expected is not null, BinaryTraceContext.TryRead(header, out var traceParent));
        Assert.Equal(expected, traceParent);
    }

    private static async Task<bool> PassesAsync(TestSidecar sidecar, int headerSize)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/healthz/outbound") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Add("x-large", new string('x', headerSize));
        try
        {
            using var answer = await sidecar.Client.SendAsync(request);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<(int Status, string Body)> SendAsync(TestSidecar sidecar, Version version, string verb, string path, string? body = null)
    {
        var address = new Uri($"http://127.0.0.1:{sidecar.Instance.HttpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(new HttpMethod(verb), address) { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (body is not null)
            request.Content = new StringContent(body);
        using var answer = await sidecar.Client.SendAsync(request);
        Assert.Equal(version, answer.Version);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }
}
