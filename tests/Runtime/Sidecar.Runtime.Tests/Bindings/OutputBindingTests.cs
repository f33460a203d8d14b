using System.Collections.ObjectModel;
using System.Text;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using TestSupport;

namespace Sidecar.Runtime.Tests.Bindings;

/// <summary>Calls of output bindings (contract section 2.11).</summary>
public sealed class OutputBindingTests : BindingsHost
{
    private const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    [Theory]
    [InlineData("\"x\"", "\"x\"")]
    [InlineData("""{ "b": 1.50, "a": ["<é>"] }""", """{"a":["\u003cé\u003e"],"b":1.5}""")]
    [InlineData("null", "null")]
    [InlineData("\"aGk=\"", "\"aGk=\"")]
    [Contract(101)]
    public async Task Data_reach_the_component_as_json_and_a_text_keeps_its_quotes(string data, string expected)
    {
        await using var sidecar = await With("out").StartAsync();

        var answer = await InvokeAsync(sidecar, "out", $$"""{"data":{{data}},"metadata":{"k":"v","K":"w"},"operation":"create","other":[]}""");

        Assert.Equal((204, ""), (answer.Status, answer.Body));
        var call = Assert.Single(Calls);
        Assert.Equal(("create", expected), (call.Operation, Encoding.UTF8.GetString(call.Data.Span)));
        Assert.Equal(("v", "w"), (call.Metadata["k"], call.Metadata["K"]));
    }

    [Fact]
    public async Task Put_is_as_good_names_of_fields_have_any_case_and_the_query_overrides_metadata()
    {
        await using var sidecar = await With("out").StartAsync();

        var answer = await InvokeAsync(sidecar, "out", """{"Operation":"get","METADATA":{"k":"v","l":"m"}}""", HttpMethod.Put, "?metadata.k=w&metadata.n=o");

        Assert.Equal(204, answer.Status);
        var call = Assert.Single(Calls);
        Assert.Equal(("get", "null"), (call.Operation, Encoding.UTF8.GetString(call.Data.Span)));
        Assert.Equal(("w", "m", "o"), (call.Metadata["k"], call.Metadata["l"], call.Metadata["n"]));
    }

    [Fact]
    public async Task The_answer_is_the_bytes_of_the_component_as_json_with_its_metadata_as_headers()
    {
        Answer = _ => new BindingReply("[1]"u8.ToArray(), new Dictionary<string, string> { ["statusCode"] = "200", ["X-Two-words"] = "a\r\nb", ["bad name"] = "left out", ["word"] = "é€" });
        await using var sidecar = await With("out").StartAsync();

        var answer = await InvokeAsync(sidecar, "out", """{"operation":"get"}""");

        Assert.Equal((200, "[1]", "application/json"), (answer.Status, answer.Body, answer.ContentType));
        Assert.Equal(("200", "a  b"), (answer.Headers["Metadata.statuscode"], answer.Headers["Metadata.x-Two-Words"]));
        Assert.Equal("é€", Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(answer.Headers["Metadata.word"])));
        Assert.DoesNotContain(answer.Headers.Keys, name => name.Contains("bad", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_empty_answer_is_200_and_none_204()
    {
        await using var sidecar = await With("out").StartAsync();
        Answer = _ => new BindingReply(default, ReadOnlyDictionary<string, string>.Empty);
        Assert.Equal(200, (await InvokeAsync(sidecar, "out", """{"operation":"get"}""")).Status);
        Answer = _ => null;
        Assert.Equal(204, (await InvokeAsync(sidecar, "out", """{"operation":"get"}""")).Status);
    }

    [Fact]
    [Contract(104)]
    public async Task A_missing_binding_and_an_unknown_or_missing_operation_are_500_and_say_so()
    {
        await using var sidecar = await With("out").With("tick", "bindings.cron", ("schedule", "@daily")).StartAsync();

        foreach (var (name, operation, reason) in new[]
        {
            ("none", "create", "couldn't find output binding none"),
            ("tick", "create", "couldn't find output binding tick"),
            ("out", "explode", "binding out does not support operation explode. supported operations:create get"),
            ("out", "CREATE", "binding out does not support operation CREATE. supported operations:create get"),
            ("out", "", "operation field is missing from request"),
            ("none", "", "operation field is missing from request"),
        })
        {
            var answer = await InvokeAsync(sidecar, name, $$"""{"operation":"{{operation}}"}""");
            Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", $"error invoking output binding {name}: {reason}"), answer.Error);
        }

        Assert.Empty(Calls);
    }

    [Fact]
    public async Task A_failure_is_500_with_its_reason_and_its_metadata()
    {
        await using var sidecar = await With("out").StartAsync();
        Answer = _ => throw new ComponentException("the disk is full");
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding out: the disk is full"), (await InvokeAsync(sidecar, "out", """{"operation":"get"}""")).Error);

        Answer = _ => new BindingReply("ignored"u8.ToArray(), new Dictionary<string, string> { ["k"] = "v" }) { Failure = "no luck" };
        var answer = await InvokeAsync(sidecar, "out", """{"operation":"get"}""");
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding out: no luck"), answer.Error);
        Assert.Equal("v", answer.Headers["Metadata.k"]);
    }

    [Theory]
    [InlineData("", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("nonsense", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("[]", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"operation":1}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"operation":"get","metadata":{"n":1}}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"operation":"get","metadata":[]}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"operation":"get","data":{"a":}}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"operation":"get","data":[1e999]}""", 500, "ERR_MALFORMED_REQUEST_DATA")]
    public async Task A_body_that_is_no_call_is_refused(string body, int status, string code)
    {
        await using var sidecar = await With("out").StartAsync();

        var answer = await InvokeAsync(sidecar, "out", body);

        Assert.Equal((status, code), (answer.Error.Status, answer.Error.Code));
        Assert.StartsWith(status == 400 ? "failed deserializing HTTP body: " : "can't serialize request data field: ", answer.Error.Message, StringComparison.Ordinal);
        Assert.Empty(Calls);
    }

    [Fact]
    public async Task A_body_above_the_limit_and_a_badly_escaped_name_are_400()
    {
        await using var sidecar = await With("out").StartAsync(change: options => options with { MaxBodySize = 1000 });

        var large = await InvokeAsync(sidecar, "out", $$"""{"operation":"get","data":"{{new string('x', 2000)}}"}""");
        Assert.Equal((400, "ERR_MALFORMED_REQUEST"), (large.Status, large.Error.Code));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{sidecar.Client.BaseAddress}v1.0/bindings/o%zzut", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        using var bad = await sidecar.Client.SendAsync(request);
        Assert.Equal(400, (int)bad.StatusCode);
        Assert.Empty(Calls);
    }

    [Fact]
    [Contract(103)]
    public async Task The_trace_of_the_caller_goes_on_in_the_metadata_and_baggage_only_if_there_is_some()
    {
        await using var sidecar = await With("out").StartAsync();

        await InvokeAsync(sidecar, "out", """{"operation":"get","metadata":{"traceparent":"mine"}}""", headers: [("traceparent", Parent), ("tracestate", "a=b"), ("baggage", "k=v;p, l=w")]);
        await InvokeAsync(sidecar, "out", """{"operation":"get"}""");

        var calls = Calls.Select(call => call.Metadata).ToArray();
        Assert.StartsWith(Parent[..35], calls[0]["traceparent"], StringComparison.Ordinal);
        Assert.Equal(("a=b", "k=v;p, l=w"), (calls[0]["tracestate"], calls[0]["baggage"]));
        Assert.Equal(["traceparent"], calls[1].Keys);
        Assert.Equal((400, "ERR_BAD_REQUEST", "invalid baggage header"), (await InvokeAsync(sidecar, "out", """{"operation":"get"}""", headers: [("baggage", "no baggage")])).Error);
        Assert.Equal(2, Calls.Count);
    }

    [Fact]
    [Contract(102, 103)]
    public async Task The_http_binding_tells_its_status_and_forwards_the_trace_and_its_token_is_a_secret()
    {
        await using var service = await TestApp.StartAsync(app => app.On("/ok", 200, "[1]"));
        Folder.Write("secrets.json", """{"token":"s3cret"}""");
        With("vault", "secretstores.local.file", ("secretsFile", "./secrets.json"));
        Folder.Write("components/web.yaml", Component("web", "bindings.http", ("url", $"http://127.0.0.1:{service.Port}"), ("securityTokenHeader", "x-key"), ("errorIfNot2XX", "true")) +
            "  - name: securityToken\n    secretKeyRef:\n      name: token\n      key: token\nauth:\n  secretStore: vault\n");
        With("lenient", "bindings.http", ("url", $"http://127.0.0.1:{service.Port}"), ("errorIfNot2XX", "false"));
        await using var sidecar = await StartAsync();

        var well = await InvokeAsync(sidecar, "web", """{"operation":"get","metadata":{"path":"ok"}}""", headers: [("baggage", "k=v")]);
        var strict = await InvokeAsync(sidecar, "web", """{"operation":"get","metadata":{"path":"none"}}""");
        var lenient = await InvokeAsync(sidecar, "lenient", """{"operation":"create","data":"x"}""");

        Assert.Equal((200, "[1]", "200"), (well.Status, well.Body, well.Headers["Metadata.statuscode"]));
        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding web: received status code 404"), strict.Error);
        Assert.Equal("404", strict.Headers["Metadata.statuscode"]);
        Assert.Equal((200, "404"), (lenient.Status, lenient.Headers["Metadata.statuscode"]));
        var seen = service.Seen.ToArray();
        Assert.All(seen, request => Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", request.Headers["traceparent"]));
        Assert.Equal(["k=v", null, null], seen.Select(request => request.Headers.GetValueOrDefault("baggage")));
        Assert.Equal(["s3cret", "s3cret", null], seen.Select(request => request.Headers.GetValueOrDefault("x-key")));
        Assert.Equal("\"x\"", seen[2].Text);
    }

    [Fact]
    public async Task Metadata_tell_which_way_a_binding_goes()
    {
        await using var sidecar = await With("both").With("tick", "bindings.cron", ("schedule", "@daily")).With("files", "bindings.localstorage", ("rootPath", "files")).StartAsync();

        var components = (await sidecar.MetadataAsync())["components"]!.AsArray().ToDictionary(component => (string)component!["name"]!, component => component!["capabilities"]!.ToJsonString());

        Assert.Equal("""["INPUT_BINDING","OUTPUT_BINDING"]""", components["both"]);
        Assert.Equal("""["INPUT_BINDING"]""", components["tick"]);
        Assert.Equal("""["OUTPUT_BINDING"]""", components["files"]);
    }
}
