using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Service invocation between two real sidecars (contract 2.4 and 5.4).</summary>
public abstract class InvocationTests
{
    private readonly InvocationPair _pair;
    private readonly TestApp _app;
    private readonly SidecarEnd _caller;

    protected InvocationTests(InvocationPair pair)
    {
        (_pair, _app, _caller) = (pair, pair.App, pair.Caller);
        _app.Forget();
    }

    [Theory]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(302)]
    [InlineData(409)]
    [InlineData(500)]
    [InlineData(502)]
    [Contract(73)]
    public async Task Contract_073_status_and_body_of_the_app_pass_unchanged(int status)
    {
        _app.On("/answer", status, "{\"own\":\"body\"}");

        using var response = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/answer");

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("{\"own\":\"body\"}", await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
    }

    [Fact]
    [Contract(74)]
    public async Task What_the_app_does_not_know_is_its_own_404()
    {
        using var response = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/unknown");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("", await response.Content.ReadAsStringAsync());
        Assert.Contains(_app.Seen, request => request.Path == "/unknown");
    }

    [Fact]
    [Contract(82)]
    public async Task Server_sent_events_arrive_one_by_one()
    {
        var gate = System.Threading.Channels.Channel.CreateUnbounded<bool>();
        _app.On("/events", async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var number = 1; number <= 3; number++)
            {
                await context.Response.WriteAsync($"data: {number}\n\n");
                await context.Response.Body.FlushAsync();
                await gate.Reader.ReadAsync();
            }
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/events") { Headers = { { "Accept", "text/event-stream" } } };
        using var response = await _caller.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WithinAsync("headers");
        using var events = new StreamReader(await response.Content.ReadAsStreamAsync());

        // The app writes the next event only after the one before it was read here.
        for (var number = 1; number <= 3; number++)
        {
            Assert.Equal($"data: {number}", await events.ReadLineAsync().WithinAsync($"event {number}"));
            Assert.Equal("", await events.ReadLineAsync());
            gate.Writer.TryWrite(true);
        }

        Assert.Null(await events.ReadLineAsync().WithinAsync("the end"));
        Assert.Equal("text/event-stream", (await _app.NextAsync("/events")).Headers["accept"]);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    public async Task Every_verb_reaches_the_app(string verb)
    {
        _app.On("/verb", 200, "yes");

        using var response = await _caller.Client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/callee/method/verb"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(verb, (await _app.NextAsync("/verb")).Method);
    }

    [Fact]
    public async Task A_head_answers_headers_alone()
    {
        _app.On("/head", (context, _) =>
        {
            context.Response.Headers["x-own"] = "1";
            return Task.CompletedTask;
        });

        using var response = await _caller.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v1.0/invoke/callee/method/head"));

        Assert.Equal("1", response.Headers.GetValues("x-own").Single());
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    [Contract(75)]
    public async Task Contract_075_no_method_is_404_and_doubled_slashes_collapse()
    {
        _app.On("/a/b", 200, "here");

        using var none = await _caller.Client.GetAsync("/v1.0/invoke/callee/method");
        using var doubled = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/a//b");
        using var header = await SendRawAsync("///a/b", new("dapr-app-id", "callee"));

        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
        Assert.Equal("ERR_DIRECT_INVOKE", (string?)JsonNode.Parse(await none.Content.ReadAsStringAsync())!["errorCode"]);
        Assert.Equal("here", await doubled.Content.ReadAsStringAsync());
        Assert.Equal("here", await header.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Basic_credentials_may_name_the_app()
    {
        _app.On("/x", 200, "basic");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/x");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("dapr-app-id:callee")));

        using var response = await _caller.Client.SendAsync(request);

        Assert.Equal("basic", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    [Contract(76)]
    public async Task Contract_076_the_query_passes_unchanged_and_in_order()
    {
        _app.On("/q", 200);

        using var response = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/q?b=2&a=1&b=%20x%2F&empty=&c");

        Assert.Equal("?b=2&a=1&b=%20x%2F&empty=&c", (await _app.NextAsync("/q")).Query);
    }

    [Fact]
    [Contract(77)]
    public async Task Contract_077_an_unknown_app_is_500_and_named()
    {
        using var response = await _caller.Client.GetAsync("/v1.0/invoke/nobody/method/x");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        Assert.Equal("ERR_DIRECT_INVOKE", (string?)error["errorCode"]);
        Assert.StartsWith("failed to invoke, id: nobody, err: ", (string?)error["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("%22", "/%22")]
    [InlineData("%2A", "/*")]
    [InlineData("%5C", "/%5C")]
    [InlineData("admin%2F..%2Fpublic", "/public")]
    [InlineData("%C3%A4/x%20y", "/%C3%A4/x%20y")]
    [Contract(78)]
    public async Task Contract_078_reserved_characters_pass_and_dots_are_resolved(string method, string expectedPath)
    {
        _app.On(expectedPath, 200, "ok");

        using var response = await SendRawAsync($"/v1.0/invoke/callee/method/{method}");

        Assert.Equal("ok", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("%23")]
    [InlineData("%3F")]
    [InlineData("%0D")]
    [InlineData("%25")]
    [Contract(78)]
    public async Task Contract_078_characters_that_would_change_the_request_are_refused(string method)
    {
        using var response = await SendRawAsync($"/v1.0/invoke/callee/method/a{method}b");

        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Contains("ERR_DIRECT_INVOKE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain(_app.Seen, request => request.Path.StartsWith("/a", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_nul_in_the_path_is_refused_by_the_web_server()
    {
        using var response = await SendRawAsync("/v1.0/invoke/callee/method/a%00b");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.DoesNotContain(_app.Seen, request => request.Path.StartsWith("/a", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("0")]
    [InlineData("\"\"")]
    [Contract(80)]
    public async Task Contract_080_bodies_arrive_byte_for_byte(string body)
    {
        _app.On("/echo", (context, request) => context.Response.Body.WriteAsync(request.Body).AsTask());

        using var response = await _caller.Client.PostAsync("/v1.0/invoke/callee/method/echo", new StringContent(body, Encoding.UTF8, "application/json"));

        Assert.Equal(body, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    [Contract(80)]
    public async Task An_empty_body_stays_empty()
    {
        _app.On("/empty", 200);

        using var response = await _caller.Client.PostAsync("/v1.0/invoke/callee/method/empty", new ByteArrayContent([]));

        Assert.Empty((await _app.NextAsync("/empty")).Body);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync());
    }

    [Fact]
    public async Task Large_bodies_stream_through_both_ways_with_and_without_length()
    {
        _app.On("/echo", (context, request) => context.Response.Body.WriteAsync(request.Body).AsTask());
        var bytes = new byte[20 * 1024 * 1024];
        new Random(7).NextBytes(bytes);
        using var known = new ByteArrayContent(bytes);
        using var chunkedRequest = new HttpRequestMessage(HttpMethod.Post, "/v1.0/invoke/callee/method/echo") { Content = new ByteArrayContent(bytes) };
        chunkedRequest.Headers.TransferEncodingChunked = true;

        using var withLength = await _caller.Client.PostAsync("/v1.0/invoke/callee/method/echo", known);
        using var chunked = await _caller.Client.SendAsync(chunkedRequest);

        var fromKnown = await withLength.Content.ReadAsByteArrayAsync();
        var fromChunked = await chunked.Content.ReadAsByteArrayAsync();

        Assert.True(bytes.AsSpan().SequenceEqual(fromKnown));
        Assert.True(bytes.AsSpan().SequenceEqual(fromChunked));
    }

    [Fact]
    public async Task A_response_arrives_while_the_app_still_writes_it()
    {
        var more = new TaskCompletionSource();
        _app.On("/slow", async (context, _) =>
        {
            await context.Response.WriteAsync("first");
            await context.Response.Body.FlushAsync();
            await more.Task;
            await context.Response.WriteAsync("second");
        });

        using var response = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/slow", HttpCompletionOption.ResponseHeadersRead).WithinAsync("headers");
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[5];
        await body.ReadExactlyAsync(buffer).AsTask().WithinAsync("the first part");
        more.SetResult();
        using var rest = new StreamReader(body);

        Assert.Equal("first", Encoding.UTF8.GetString(buffer));
        Assert.Equal("second", await rest.ReadToEndAsync());
    }

    [Fact]
    [Contract(83, 84, 85, 86)]
    public async Task Contract_083_084_085_086_headers_are_those_of_the_contract()
    {
        _app.On("/h", (context, _) =>
        {
            context.Response.Headers["x-answer"] = new(["1", "2"]);
            context.Response.Headers["dapr-app-id"] = "leak";
            context.Response.Headers["keep-alive"] = "timeout=5";
            context.Response.Headers["x-listed"] = "hop";
            context.Response.Headers.Connection = "x-listed";
            return Task.CompletedTask;
        });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/h");
        request.Headers.Add("x-own", ["a", "b"]);
        request.Headers.Add("dapr-caller-app-id", "someone-else");
        request.Headers.Add("dapr-callee-app-id", "someone-else");
        request.Headers.Add("dapr-api-token", "of-the-caller");
        request.Headers.Add("Proxy-Authorization", "secret");
        request.Headers.Add("x-hop", "1");
        request.Headers.Connection.Add("x-hop");

        using var response = await _caller.Client.SendAsync(request);
        var seen = (await _app.NextAsync("/h")).Headers;

        Assert.Contains("a", seen["x-own"], StringComparison.Ordinal);
        Assert.Equal("caller", seen["dapr-caller-app-id"]);
        Assert.Equal("callee", seen["dapr-callee-app-id"]);
        Assert.Equal("for-the-app", seen["dapr-api-token"]);
        Assert.True(seen.ContainsKey("X-Forwarded-For"));
        Assert.False(seen.ContainsKey("Proxy-Authorization"));
        Assert.False(seen.ContainsKey("x-hop"));
        Assert.Equal(["1", "2"], response.Headers.GetValues("x-answer").SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries)));
        Assert.False(response.Headers.Contains("dapr-app-id"));
        Assert.False(response.Headers.Contains("keep-alive"));
        Assert.False(response.Headers.Contains("x-listed"));
    }

    [Fact]
    [Contract(94, 95)]
    public async Task Contract_094_095_trace_context_and_baggage()
    {
        _app.On("/t", 200);
        const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        using var traced = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/t")
        {
            Headers = { { "traceparent", Parent }, { "tracestate", "v=1" }, { "baggage", "key1=value1,key2=value2" } },
        };

        using var none = await _caller.Client.GetAsync("/v1.0/invoke/callee/method/t");
        using var continued = await _caller.Client.SendAsync(traced);
        using var invalid = await _caller.Client.SendAsync(
            new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/callee/method/t") { Headers = { { "baggage", "invalid-baggage" } } });
        var first = await _app.NextAsync("/t");
        var second = await _app.NextAsync("/t");

        Assert.Equal(55, first.Headers["traceparent"].Length);
        Assert.StartsWith("00-0af7651916cd43dd8448eb211c80319c-", second.Headers["traceparent"], StringComparison.Ordinal);
        Assert.NotEqual(Parent, second.Headers["traceparent"]);
        Assert.Equal("v=1", second.Headers["tracestate"]);
        Assert.Equal("key1=value1,key2=value2", second.Headers["baggage"]);
        Assert.Equal("key1=value1,key2=value2", continued.Headers.GetValues("baggage").Single());
        Assert.Equal(HttpStatusCode.BadRequest, invalid.StatusCode);
        Assert.Contains("invalid baggage header", await invalid.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    [Contract(84, 85)]
    public async Task Self_invocation_names_caller_and_callee_too()
    {
        _app.On("/self", (context, _) =>
        {
            context.Response.Headers["dapr-app-id"] = "leak";
            return Task.CompletedTask;
        });
        using var client = new HttpClient { BaseAddress = _pair.Callee.Client.BaseAddress };
        client.DefaultRequestHeaders.Add("dapr-caller-app-id", "someone-else");

        using var response = await client.GetAsync("/v1.0/invoke/callee/method/self");
        var seen = (await _app.NextAsync("/self")).Headers;

        Assert.Equal(("callee", "callee"), (seen["dapr-caller-app-id"], seen["dapr-callee-app-id"]));
        Assert.False(response.Headers.Contains("dapr-app-id"));
    }

    [Fact]
    [Contract(149)]
    public async Task A_wrong_verb_or_path_of_the_api_is_404_never_405()
    {
        foreach (var (verb, path) in new[] { ("DELETE", "/v1.0/metadata"), ("POST", "/v1.0/healthz"), ("GET", "/v1.0/nothing"), ("GET", "/v1.0/workflow/dapr/id"), ("GET", "/") })
        {
            using var response = await _caller.Client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), path));
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
            Assert.Contains("ERR_DIRECT_INVOKE", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    private Task<HttpResponseMessage> SendRawAsync(string path, KeyValuePair<string, string>? header = null)
    {
        var address = new Uri($"http://127.0.0.1:{_caller.HttpPort}{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        if (header is { } given)
            request.Headers.Add(given.Key, given.Value);
        return _caller.Client.SendAsync(request);
    }
}

public sealed class CoHostedInvocationTests(CoHostedPair pair) : InvocationTests(pair), IClassFixture<CoHostedPair>;

public sealed class IsolatedInvocationTests(IsolatedPair pair) : InvocationTests(pair), IClassFixture<IsolatedPair>;
