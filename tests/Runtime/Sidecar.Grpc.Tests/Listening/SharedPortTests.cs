using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Listening;

/// <summary>HTTP/1.1 and HTTP/2 on one port without TLS.</summary>
public sealed partial class SharedPortTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task A_request_is_seen_as_what_it_is(string version)
    {
        await using var host = await StartAsync();
        using var client = Client(version);
        for (var turn = 0; turn < 3; turn++)
        {
            using var reply = await client.GetAsync(new Uri(host.Address, "/about?x=1"));
            Assert.Equal(new Version(version), reply.Version);
            Assert.Equal($"HTTP/{(version == "2.0" ? "2" : version)} http False 127.0.0.1:{host.Port} /about?x=1 client certificate: False", await reply.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Grpc_goes_through()
    {
        await using var host = await StartAsync();
        Assert.Equal("one", (await host.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Text = "one" })).Text);
        await using var call = host.Channel.OpenDuplex(Echo.Duplex);
        Assert.True(await call.WriteAsync(new EchoRequest { Count = 7 }));
        Assert.True(await call.ReadAsync());
        Assert.Equal(7, call.Current.Count);
    }

    [Fact]
    public async Task Grpc_js_goes_through()
    {
        NodePackages.SkipWithoutNode();
        await using var host = await StartAsync();
        await using var client = await NodePackages.StartAsync(
            Calls.NodeScripts.Path("echo-client.cjs"), [Calls.NodeScripts.Protos, Calls.NodeScripts.RpcProtos, $"{host.Port}", "duplex"]);
        Assert.Contains("""{"length":100}""", await client.LineAsync("RESULT"));
    }

    [Theory]
    [InlineData("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", "hello")]
    [InlineData("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "hello")]
    [InlineData("PUT /body HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nhi", "hi")]
    [InlineData("PRIVATE /body HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "200 OK")]
    [InlineData("GET /about HTTP/1.0\r\n\r\n", "HTTP/1.0 http")]
    [InlineData("GET /about HTTP/1.1\r\nHost: a\r\n\r\nGET /about HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n", " b /about")]
    [InlineData("GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 101")]
    [InlineData("nonsense\r\n\r\n", "400 Bad Request")]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400 Bad Request")]
    [InlineData("P", "")]
    [InlineData("PRI", "")]
    public async Task Http_1_is_as_it_is_without_http_2_beside_it(string request, string expected)
    {
        await using var shared = await StartAsync();
        await using var plain = await StartAsync(listen: listener => listener.Protocols = HttpProtocols.Http1);
        var isCutShort = !request.Contains("\r\n\r\n", StringComparison.Ordinal);
        byte[][] whole = [Encoding.ASCII.GetBytes(request)];
        byte[][] split = [.. whole[0].Select(value => (byte[])[value])];

        var answer = await SpeakAsync(shared.Port, whole, isCutShort);
        Assert.Contains(expected, answer);
        Assert.Equal(WithoutDate(await SpeakAsync(plain.Port, whole, isCutShort)), WithoutDate(answer));

        // What is refused on the way may meet the rest of what is sent, and then the answer is lost; so byte by byte only what is right.
        if (!expected.StartsWith("400", StringComparison.Ordinal))
            Assert.Equal(WithoutDate(answer), WithoutDate(await SpeakAsync(shared.Port, split, isCutShort)));
    }

    [Fact]
    public async Task A_preface_that_comes_byte_by_byte_is_http_2()
    {
        await using var host = await StartAsync();
        byte[] settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        byte[] goAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        byte[] opening = [.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. settings, .. goAway];
        var answer = await SpeakAsync(host.Port, [.. opening.Select(value => (byte[])[value])]);

        // A SETTINGS frame is what HTTP/2 answers first.
        Assert.Equal(4, answer[3]);
    }

    [Fact]
    public async Task A_preface_that_goes_wrong_after_its_beginning_is_refused()
    {
        await using var host = await StartAsync();
        await SpeakAsync(host.Port, ["PRI * HTTP/9.9\r\n\r\nSM\r\n\r\n"u8.ToArray()], end: true);
        Assert.Equal("one", (await host.Channel.UnaryAsync(Echo.Unary, new EchoRequest { Text = "one" })).Text);
    }

    [Fact]
    public async Task Who_says_nothing_is_disconnected_after_the_keep_alive_time()
    {
        var clock = new FakeClock();
        await using var host = await StartAsync(clock);
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, host.Port);
        await Eventually.TrueAsync(() => clock.ArmedTimers > 0);
        clock.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1]).AsTask().WithinAsync("the end of a silent connection"));
    }

    [Fact]
    public async Task A_silent_connection_does_not_hold_up_the_stop()
    {
        var clock = new FakeClock();
        await using var host = await StartAsync(clock);
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, host.Port);
        await Eventually.TrueAsync(() => clock.ArmedTimers > 0);
        await host.App.StopAsync().WithinAsync("the stop", TimeSpan.FromSeconds(20));
    }

    private static Task<GrpcHost> StartAsync(TimeProvider? clock = null, Action<ListenOptions>? listen = null) => GrpcHost.StartAsync(
        routes =>
        {
            new EchoService().Map(routes);
            routes.Map("/about", AboutAsync);
            routes.Map("/body", context => context.Request.Body.CopyToAsync(context.Response.Body));
            routes.Map("/upgrade", async context =>
            {
                await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
            });
        },
        clock: clock,
        listen: listen ?? (listener => listener.UseHttp1AndHttp2Cleartext()));

    private static Task AboutAsync(HttpContext context)
    {
        var request = context.Request;
        return context.Response.WriteAsync(
            $"{request.Protocol} {request.Scheme} {request.IsHttps} {request.Host} {request.Path}{request.QueryString} client certificate: {context.Connection.ClientCertificate is not null}");
    }

    private static string WithoutDate(string answer) => DateHeader().Replace(answer, "");

    [GeneratedRegex("Date: [^\r]*\r\n")]
    private static partial Regex DateHeader();

    private static HttpClient Client(string version) => new(GrpcHandler.Create(TimeSpan.FromSeconds(10)))
    {
        DefaultRequestVersion = new Version(version),
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>Sends the pieces, each a packet of its own, and reads to the end of the connection.</summary>
    private static async Task<string> SpeakAsync(int port, byte[][] pieces, bool end = false)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, port);
        var stream = client.GetStream();
        using var answer = new MemoryStream();
        try
        {
            foreach (var piece in pieces)
                await stream.WriteAsync(piece);
            if (end)
                client.Client.Shutdown(SocketShutdown.Send);
            await stream.CopyToAsync(answer).WithinAsync("the end of the connection");
        }
        catch (Exception reset) when (reset is IOException or SocketException)
        {
            // The server has said its word and closed, with some of the rest unread.
        }

        return Encoding.Latin1.GetString(answer.ToArray());
    }
}
