using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>How a reply is framed on its way back, and what of the wire between two sidecars shows: nothing.</summary>
public sealed class InvocationReplyTests(InvocationOddInputTests.Pair pair) : IClassFixture<InvocationOddInputTests.Pair>
{
    private const string InternalReply = "dapr-internal-reply";

    [Theory]
    [InlineData(false, "known", "Content-Length: 2\r\n\r\nok")]
    [InlineData(true, "known", "Content-Length: 2\r\n\r\nok")]
    [InlineData(false, "chunked", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData(true, "chunked", "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    public async Task A_small_reply_that_is_there_at_once_has_its_length(bool isRemote, string path, string answer)
    {
        pair.App.On($"/{path}", $"HTTP/1.1 200 OK\r\n{answer}");

        var given = await pair.SendAsync($"GET /v1.0/invoke/callee/method/{path} HTTP/1.1", isRemote: isRemote);

        Assert.Contains("content-length: 2\r\n", given, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nok", given, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(100_000)]
    public async Task A_reply_of_any_size_arrives_byte_for_byte(int size)
    {
        var body = string.Concat(Enumerable.Range(0, size).Select(index => (char)('a' + (index % 26))));
        pair.App.On($"/size-{size}", $"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n{body}");

        Assert.Equal(body, await pair.Caller.Client.GetStringAsync(new Uri($"/v1.0/invoke/callee/method/size-{size}", UriKind.Relative)));
    }

    [Theory]
    [Contract(81)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reply_shorter_than_it_said_is_500(bool isRemote)
    {
        pair.App.On("/short", "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok", thenCloses: true);

        var given = await pair.SendAsync("GET /v1.0/invoke/callee/method/short HTTP/1.1", isRemote: isRemote);

        // Either told by status, or, once a part of it is out, broken off: never taken for complete.
        Assert.True(given.StartsWith("HTTP/1.1 500 ", StringComparison.Ordinal) || !given.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), given);
        Assert.DoesNotContain("content-length: 2\r\n", given, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_mark_between_sidecars_is_not_the_apps_to_set_nor_the_callers_to_see()
    {
        pair.App.On("/mark", $"HTTP/1.1 200 OK\r\n{InternalReply}: broken\r\nContent-Length: 2\r\n\r\nok");

        var given = await pair.SendAsync("GET /v1.0/invoke/callee/method/mark HTTP/1.1");

        Assert.StartsWith("HTTP/1.1 200 ", given, StringComparison.Ordinal);
        Assert.DoesNotContain(InternalReply, given, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_call_that_the_peers_web_server_refuses_is_500_not_the_apps_answer()
    {
        // As much as the caller's port takes; with what its sidecar adds it is too much for the callee's.
        var headers = $"X-Long: {new string('a', 8000)}";

        var given = await pair.SendAsync("GET /v1.0/invoke/callee/method/too-long HTTP/1.1", headers);

        Assert.StartsWith("HTTP/1.1 500 ", given, StringComparison.Ordinal);
        Assert.Contains("refused the call with 431", given, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tracestate_without_a_good_traceparent_is_not_handed_on()
    {
        pair.App.On("/stale", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

        await pair.SendAsync("GET /v1.0/invoke/callee/method/stale HTTP/1.1", "traceparent: nonsense\r\ntracestate: vendor=1");

        Assert.DoesNotContain("tracestate", pair.App.HeadOf("/stale"), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("nonsense", pair.App.HeadOf("/stale"), StringComparison.Ordinal);
    }
}
