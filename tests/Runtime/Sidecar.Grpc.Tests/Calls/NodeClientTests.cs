using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>Our server called by a client of <c>@grpc/grpc-js</c>. The scenarios are in <c>Node/echo-client.cjs</c>.</summary>
public sealed class NodeClientTests
{
    private readonly EchoService _service = new();

    [Fact]
    public async Task A_unary_call_has_an_answer()
    {
        var seen = await PlayAsync("unary");
        Assert.Equal("""{"text":"grüße","data":"00ff"}""", seen.ToString());
    }

    [Fact]
    public async Task A_failure_has_code_message_details_and_trailers()
    {
        var seen = await PlayAsync("fail");
        Assert.Equal(5, seen.GetProperty("code").GetInt32());
        Assert.Equal("no such thing: 100% ☃\n", seen.GetProperty("details").GetString());
        var rich = seen.GetProperty("rich");
        Assert.Equal((5, "no such thing: 100% ☃\n"), (rich.GetProperty("code").GetInt32(), rich.GetProperty("message").GetString()));
        Assert.Equal("""{"reason":"REASON","domain":"example.com","metadata":{"key":"välue"}}""", rich.GetProperty("details")[0].ToString());
        Assert.Equal("""{"resourceType":"thing","resourceName":"one"}""", rich.GetProperty("details")[1].ToString());
        Assert.Equal("a trailer", seen.GetProperty("after").GetProperty("after")[0].GetString());
        Assert.Equal("0001ff", seen.GetProperty("after").GetProperty("after-bin")[0].GetString());
    }

    [Fact]
    public async Task Metadata_goes_both_ways()
    {
        var seen = await PlayAsync("metadata");
        Assert.Equal(["000102fa", "09"], Values(seen.GetProperty("headers"), "x-data-bin"));
        Assert.Equal(["000102fa", "09"], Values(seen.GetProperty("trailers"), "tx-data-bin"));
        Assert.Equal("one, two", string.Join(", ", Values(seen.GetProperty("headers"), "x-text")));
        Assert.Equal("one, two", string.Join(", ", Values(seen.GetProperty("trailers"), "tx-text")));
    }

    [Fact]
    public async Task All_kinds_of_streams_work()
    {
        var seen = await PlayAsync("clientStream");
        Assert.Equal((100, 100), (seen.GetProperty("count").GetInt32(), seen.GetProperty("text").GetString()!.Length));
        Assert.Equal("""{"length":1000,"ordered":true}""", (await PlayAsync("serverStream")).ToString());
        Assert.Equal("""{"length":100}""", (await PlayAsync("duplex")).ToString());
    }

    [Fact]
    public async Task A_stream_that_fails_gives_what_came_before()
    {
        Assert.Equal("""{"counts":[0,1,2],"code":10,"details":"broken","rich":null}""", (await PlayAsync("failAfter")).ToString());
    }

    [Fact]
    public async Task A_deadline_that_passes_ends_the_call_here_and_there()
    {
        NodePackages.SkipWithoutNode();
        string? ended = null;
        var seen = await Eventually.RepeatAsync(
            async () => (await PlayAsync("deadline")).ToString(), () => _service.Cancelled.TryRead(out ended), "the server's notice of the deadline");
        Assert.EndsWith("/Unary", ended);
        Assert.All(seen, result => Assert.Equal("""{"code":4}""", result));
    }

    [Fact]
    public async Task A_stream_that_is_cancelled_ends_here_and_there()
    {
        Assert.Equal(1, (await PlayAsync("cancelStream")).GetProperty("code").GetInt32());
        Assert.EndsWith("/ServerStream", await _service.Cancelled.ReadAsync().AsTask().WithinAsync("the server's notice of the cancellation"));
    }

    [Theory]
    [InlineData(MessageEncoding.Identity)]
    [InlineData(MessageEncoding.Gzip)]
    public async Task Requests_may_be_compressed_and_responses_are_if_the_server_wants(MessageEncoding responses)
    {
        var seen = await PlayAsync("gzip", options => options.ResponseEncoding = responses);
        Assert.True(seen.TryGetProperty("length", out var length), seen.ToString());
        Assert.Equal(100_000, length.GetInt32());
    }

    [Fact]
    public async Task A_message_above_the_limit_is_refused_and_the_connection_lives_on()
    {
        Assert.Equal("""{"code":8,"length":1048576}""", (await PlayAsync("limit")).ToString());
    }

    [Fact]
    public async Task A_method_that_nobody_has_is_unimplemented()
    {
        var seen = await PlayAsync("unknown");
        Assert.Equal((12, "unknown method Nothing for service sidecar.test.Echo"), (seen.GetProperty("code").GetInt32(), seen.GetProperty("details").GetString()));
    }

    [Fact]
    public async Task An_idle_stream_lives_beyond_the_time_that_a_slow_body_has()
    {
        await using var host = await GrpcHost.StartAsync(
            routes =>
            {
                _service.Map(routes);
                routes.MapPost("/slow/body", async (HttpContext context) => { await Record.ExceptionAsync(() => context.Request.Body.CopyToAsync(Stream.Null)); });
            },
            kestrel: server => server.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 1_000_000, gracePeriod: TimeSpan.FromSeconds(1.1)));
        await using var client = await StartAsync(host, "keepalive");
        await Eventually.TrueAsync(() => host.Server.CallsUnderWay == 1);

        // Began later, is as idle, and Kestrel ends it.
        var slow = host.Channel.OpenDuplex(GrpcMethod.Raw("slow", "body", GrpcMethodKind.Duplex));
        await using (slow)
            Assert.False(await slow.ReadAsync().AsTask().WithinAsync("the end of a body that is too slow"));

        Assert.Equal(1, host.Server.CallsUnderWay);
        await host.App.StopAsync();
        Assert.Equal(14, (await ResultAsync(client)).GetProperty("code").GetInt32());
    }

    [Fact]
    public async Task A_host_that_stops_ends_calls_as_unavailable_and_at_once()
    {
        await using var host = await GrpcHost.StartAsync(_service.Map);
        await using var client = await StartAsync(host, "shutdown");
        await _service.Waiting.ReadAsync().AsTask().WithinAsync("a call that waits");
        await host.App.StopAsync().WithinAsync("the stop of the host", TimeSpan.FromSeconds(20));
        var seen = await ResultAsync(client);
        Assert.Equal("""{"counts":[0],"code":14,"details":"the server is stopping","rich":null}""", seen.ToString());
    }

    private async Task<JsonElement> PlayAsync(string scenario, Action<GrpcServerOptions>? configure = null)
    {
        await using var host = await GrpcHost.StartAsync(_service.Map, configure);
        await using var client = await StartAsync(host, scenario);
        var seen = await ResultAsync(client);
        await Eventually.TrueAsync(() => host.Server.CallsUnderWay == 0);
        return seen;
    }

    private static async Task<TestProcess> StartAsync(GrpcHost host, string scenario)
    {
        NodePackages.SkipWithoutNode();
        return await NodePackages.StartAsync(
            NodeScripts.Path("echo-client.cjs"), [NodeScripts.Protos, NodeScripts.RpcProtos, host.Port.ToString(CultureInfo.InvariantCulture), scenario]);
    }

    private static async Task<JsonElement> ResultAsync(TestProcess client)
    {
        var line = await client.LineAsync("RESULT ");
        return JsonDocument.Parse(line["RESULT ".Length..]).RootElement;
    }

    private static IEnumerable<string?> Values(JsonElement metadata, string key) =>
        metadata.GetProperty(key).EnumerateArray().Select(value => value.GetString());
}
