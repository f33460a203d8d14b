using System.Net.Sockets;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Bytes that no client would send, over a bare socket: each request gets an answer of the contract, and the sidecar lives on.</summary>
public sealed class RawRequestTests : IAsyncLifetime
{
    private static readonly string[] Targets =
    [
        "/v1.0/invoke/me/method/x", "/v1.0/invoke/me/method/", "/v1.0/invoke/me/method", "/v1.0/invoke//method/x", "/v1.0/invoke/http://127.0.0.1:1/method/x", "/v1.0/invoke/http:///method/x",
        "/v1.0/invoke/nobody.a.b/method/x", "/v1.0/state/s/k", "/v1.0/state/s", "/v1.0/publish/p/t", "/v1.0/secrets/s/k", "/v1.0/metadata", "/v1.0/metadata/k", "/v1.0/healthz?appid=me", "/v1.0/healthz?appid=%",
        "/", "//", "*", "/%", "/%2", "/%zz", "/a%2F..%2Fb", "/v1.0/metadata/%zz", "/?", "/?a=%zz&metadata.=1", "http://other/v1.0/metadata", "/\u00e9", "/\"<>", "/v1.0/invoke/me/method/%2e%2e/%2e%2e/x", "/..", "/v1.0/../v1.0/metadata",
    ];

    private static readonly string[] Verbs = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE", "CONNECT", "PROPFIND", "get", "X"];

    private static readonly string[] Headers =
    [
        "", "dapr-app-id: me", "dapr-app-id: nobody", "dapr-app-id:", "dapr-app-id: http://", "dapr-app-id: \u00ff", "Authorization: Basic", "Authorization: Basic !!!", "Authorization: Basic ZGFwci1hcHAtaWQ6",
        "Connection: close, x-a, ,", "Connection: upgrade\r\nUpgrade: h2c", "Content-Length: 0", "Content-Length: 3\r\n\r\nabc", "Content-Length: -1", "Content-Length: 3\r\nContent-Length: 4", "Content-Length: 3\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "Transfer-Encoding: gzip", "traceparent: 00-zz", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate: \u00e9",
        "baggage: =", "baggage: a=b;c", "Host: a b", "X-A: \u0001", "X-A: \u00e9\u00ff", "X A: b", ": b", "X-Long: " + "aaaaaaaaaa", "Expect: 100-continue", "Expect: x", "dapr-caller-app-id: x\r\ndapr-callee-app-id: y", "metadata.x: 1", "Accept: text/event-stream",
    ];

    /// <summary>What the contract's routes answer (2.2), and what the web server itself refuses before any route.</summary>
    private static readonly int[] Known = [100, 200, 204, 400, 401, 403, 404, 405, 408, 411, 413, 414, 417, 431, 500, 501, 505];

    private readonly TempFolder _folder = new();
    private TestApp _app = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(app => app.On("/x", 200, "x").On("/", 200, "root"));
        _sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = _app.Port, GracefulShutdown = TimeSpan.FromSeconds(1) });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_request_is_answered_by_a_known_status_and_the_sidecar_lives_on()
    {
        var requests = from verb in Gen.Elements(Verbs)
                       from target in Gen.Elements(Targets)
                       from first in Gen.Elements(Headers)
                       from second in Gen.Elements(Headers)
                       select $"{verb} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{first}{(first.Length > 0 ? "\r\n" : "")}{second}{(second.Length > 0 ? "\r\n" : "")}\r\n";
        var generated = requests.Sample(400).ToArray();

        await Parallel.ForEachAsync(generated, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (request, _) =>
        {
            var answer = await SendAsync(request).WithinAsync($"an answer to {request}");
            var status = answer.Split(' ') is [var version, var code, ..] && version.StartsWith("HTTP/1.", StringComparison.Ordinal) ? int.Parse(code, System.Globalization.CultureInfo.InvariantCulture) : 0;
            Assert.True(Known.Contains(status), $"{request}\n→ {answer}");
        });

        Assert.Equal((200, "x"), await _sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.DoesNotContain(_sidecar.Log, line => line.Contains("failed unexpectedly", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Many_small_headers_are_as_good_as_a_few_long_ones()
    {
        var headers = string.Concat(Enumerable.Range(0, 300).Select(number => $"x-{number}: {number}\r\n"));

        var answer = await SendAsync($"GET /v1.0/metadata HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n").WithinAsync("an answer");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    private async Task<string> SendAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _sidecar.Instance.HttpPort);
        var stream = client.GetStream();
        var answer = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            // Whoever still waits for a body gets one, of which nothing can be made.
            await stream.WriteAsync(Encoding.Latin1.GetBytes($"{request}zz\r\n\r\n"));
            for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }
        catch (Exception closed) when (closed is IOException or SocketException)
        {
            // At once after the answer to a request that was refused.
        }

        return answer.ToString();
    }
}
