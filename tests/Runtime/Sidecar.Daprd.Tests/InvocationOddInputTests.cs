using System.Net.Sockets;
using System.Text;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Invocation with requests and answers that no well-behaved client or app sends, byte by byte.</summary>
public sealed class InvocationOddInputTests(InvocationOddInputTests.Pair pair) : IClassFixture<InvocationOddInputTests.Pair>
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    [Theory]
    [InlineData("caf\u00c3\u00a9")]
    [InlineData("caf\u00e9")]
    public async Task Header_values_beyond_ascii_pass_both_ways_byte_for_byte(string value)
    {
        var path = $"/bytes-{value.Length}";
        pair.App.On(path, $"HTTP/1.1 200 OK\r\nX-Answer: {value}\r\nContent-Length: 2\r\n\r\nok");

        var answer = await pair.SendAsync($"GET /v1.0/invoke/callee/method{path} HTTP/1.1", $"X-Ask: {value}");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains($"x-answer: {value}\r\n", answer, StringComparison.OrdinalIgnoreCase);
        Assert.Contains($"x-ask: {value}\n", pair.App.HeadOf(path), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(false, "control", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-A: a\u0001b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData(true, "control", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nX-A: a\u0001b\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData(false, "101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")]
    [InlineData(true, "101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")]
    [InlineData(false, "cut", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n")]
    [InlineData(true, "cut", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n")]
    public async Task An_answer_that_cannot_be_handed_on_is_500_and_leaves_no_header_behind(bool isRemote, string path, string answer)
    {
        pair.App.On($"/{path}", answer, thenCloses: true);

        var given = await pair.SendAsync($"GET /v1.0/invoke/callee/method/{path} HTTP/1.1", isRemote: isRemote);

        Assert.StartsWith("HTTP/1.1 500 ", given, StringComparison.Ordinal);
        Assert.Contains("\"errorCode\":\"ERR_DIRECT_INVOKE\"", given, StringComparison.Ordinal);
        Assert.DoesNotContain("gzip", given, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_205_passes_without_the_body_it_must_not_have(bool isRemote)
    {
        pair.App.On("/reset", "HTTP/1.1 205 Reset Content\r\nX-Own: 1\r\nContent-Length: 2\r\n\r\nok");

        var answer = await pair.SendAsync("GET /v1.0/invoke/callee/method/reset HTTP/1.1", isRemote: isRemote);

        Assert.StartsWith("HTTP/1.1 205 ", answer, StringComparison.Ordinal);
        Assert.Contains("x-own: 1", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [Contract(81)]
    [InlineData(false, "short", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", "ok")]
    [InlineData(true, "short", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay", "ok")]
    [InlineData(false, "alike", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok", "ok")]
    [InlineData(false, "both", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", "ok")]
    public async Task A_wrong_length_of_the_app_does_not_reach_the_caller(bool isRemote, string path, string answer, string body)
    {
        pair.App.On($"/{path}", answer, thenCloses: true);

        var given = await pair.SendAsync($"GET /v1.0/invoke/callee/method/{path} HTTP/1.1", isRemote: isRemote);

        Assert.StartsWith("HTTP/1.1 200 ", given, StringComparison.Ordinal);
        var whole = given[(given.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Contains(whole, (string[])[body, $"{body.Length:x}\r\n{body}\r\n0\r\n\r\n"]);
        Assert.True(given.Contains("chunked", StringComparison.Ordinal) || given.Contains($"Content-Length: {body.Length}\r\n", StringComparison.Ordinal), given);
    }

    [Theory]
    [Contract(81)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_with_two_lengths_is_500(bool isRemote)
    {
        pair.App.On("/two", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nokay", thenCloses: true);

        var given = await pair.SendAsync("GET /v1.0/invoke/callee/method/two HTTP/1.1", isRemote: isRemote);

        Assert.StartsWith("HTTP/1.1 500 ", given, StringComparison.Ordinal);
        Assert.Contains("\"errorCode\":\"ERR_DIRECT_INVOKE\"", given, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(81)]
    public async Task A_body_that_breaks_off_breaks_the_reply_off()
    {
        pair.App.On("/half", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", thenCloses: true);

        var answer = await pair.SendAsync("GET /v1.0/invoke/callee/method/half HTTP/1.1");

        Assert.DoesNotContain("\r\n0\r\n\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(82)]
    public async Task Headers_arrive_while_the_app_still_thinks_about_its_first_word()
    {
        pair.App.On("/events", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");

        using var response = await pair.Caller.Client.GetAsync(
            new Uri("/v1.0/invoke/callee/method/events", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead).WithinAsync("the headers");

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("GET http://host:1/v1.0/invoke/callee/method/absolute?q=/a HTTP/1.1", "", "/absolute")]
    [InlineData("GET http://host:1/absolute-by-header HTTP/1.1", "dapr-app-id: callee", "/absolute-by-header")]
    [InlineData("GET /v1.0/state/../invoke/callee/method/dots HTTP/1.1", "", "/dots")]
    [InlineData("GET /v1.0/invoke/other/%2e%2E/callee/method/escaped-dots HTTP/1.1", "", "/escaped-dots")]
    [InlineData("GET /v1.0/invoke/callee/method/slash/ HTTP/1.1", "", "/slash/")]
    [InlineData("GET /v1.0/invoke/callee.default/method/namespace HTTP/1.1", "", "/namespace")]
    [InlineData("GET /twice HTTP/1.1", "dapr-app-id: callee\r\ndapr-app-id: other", "/twice")]
    public async Task A_target_is_understood_in_every_form(string line, string headers, string path)
    {
        pair.App.On(path, Ok);

        var answer = await pair.SendAsync(line, headers);

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
        Assert.Contains("dapr-callee-app-id: callee\n", pair.App.HeadOf(path), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("CONNECT host:1 HTTP/1.1", "dapr-app-id: callee", 404)]
    [InlineData("GET /refused?a=\u0001 HTTP/1.1", "dapr-app-id: callee", 500)]
    [InlineData("GET /refused?a=\u007f HTTP/1.1", "dapr-app-id: callee", 500)]
    [InlineData("GET /v1.0/invoke/callee.a.b/method/refused HTTP/1.1", "", 500)]
    [InlineData("GET /v1.0/invoke/callee.elsewhere/method/refused HTTP/1.1", "", 500)]
    public async Task What_no_app_may_see_is_refused(string line, string headers, int status)
    {
        var answer = await pair.SendAsync(line, headers);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("ERR_DIRECT_INVOKE", answer, StringComparison.Ordinal);
        Assert.DoesNotContain(pair.App.Heads, head => head.Contains("refused", StringComparison.Ordinal) || head.StartsWith("CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Headers_that_belong_to_a_body_reach_the_app_without_one()
    {
        pair.App.On("/bodyless", Ok);

        await pair.SendAsync("GET /v1.0/invoke/callee/method/bodyless HTTP/1.1", "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Language: de");

        Assert.Contains("last-modified: Wed, 21 Oct 2015 07:28:00 GMT", pair.App.HeadOf("/bodyless"), StringComparison.OrdinalIgnoreCase);
        Assert.Contains("content-language: de", pair.App.HeadOf("/bodyless"), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Headers_as_long_as_the_read_buffer_pass_both_sidecars()
    {
        pair.App.On("/long", Ok);

        var answer = await pair.SendAsync("GET /v1.0/invoke/callee/method/long HTTP/1.1", $"X-Long: {new string('a', 4000)}");

        Assert.StartsWith("HTTP/1.1 200 ", answer, StringComparison.Ordinal);
    }

    /// <summary>Two sidecars and a raw app, for all tests of the class.</summary>
    public sealed class Pair : IAsyncLifetime
    {
        private readonly TempFolder _folder = new();
        private DaprdProcess _callee = null!;

        public RawApp App { get; } = new();

        internal DaprdProcess Caller { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            _callee = DaprdProcess.Start(_folder, "callee", App.Port);
            Caller = DaprdProcess.Start(_folder, "caller");
            await _callee.HealthyAsync();
            await Caller.HealthyAsync();
        }

        /// <summary>Sends a request as it stands, by way of both sidecars or of the app's own alone, and returns all that comes back.</summary>
        public async Task<string> SendAsync(string line, string headers = "", bool isRemote = true)
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", (isRemote ? Caller : _callee).HttpPort);
            var request = $"{line}\r\nHost: host:1\r\nConnection: close\r\n{headers}{(headers.Length > 0 ? "\r\n" : "")}\r\n";
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
            return await ReadToEndAsync(client.GetStream()).WithinAsync($"the answer to {line}");
        }

        public async ValueTask DisposeAsync()
        {
            await Caller.DisposeAsync();
            await _callee.DisposeAsync();
            await App.DisposeAsync();
            _folder.Dispose();
        }

        private static async Task<string> ReadToEndAsync(NetworkStream stream)
        {
            var answer = new StringBuilder();
            var buffer = new byte[4096];
            try
            {
                for (int read; (read = await stream.ReadAsync(buffer)) > 0;)
                    answer.Append(Encoding.Latin1.GetString(buffer, 0, read));
            }
            catch (IOException)
            {
                // Broken off, which is an answer too.
            }

            return answer.ToString();
        }
    }
}
