using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Start, refusal to start, tokens and the end of a real <c>daprd</c> (contract 1, 2.17, 5.11).</summary>
public sealed class ProcessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_serves_metadata_and_health_and_ends_with_0_on_sigterm()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me");

        var metadata = JsonNode.Parse(await daprd.Client.GetStringAsync("/v1.0/metadata"))!;
        using var outbound = await daprd.Client.GetAsync("/v1.0/healthz/outbound");
        using var other = await daprd.Client.GetAsync("/v1.0/healthz?appid=other");
        await daprd.Process.SignalAsync("TERM");

        Assert.Equal("me", (string?)metadata["id"]);
        Assert.Equal((string?)metadata["runtimeVersion"], (string?)metadata["extended"]!["daprRuntimeVersion"]);
        Assert.Equal(["pubsub", "statestore"], metadata["components"]!.AsArray().Select(component => (string?)component!["name"]).Order());
        Assert.Contains("ACTOR", metadata["components"]!.AsArray().Single(component => (string?)component!["name"] == "statestore")!["capabilities"]!.AsArray().Select(name => (string?)name));
        Assert.Equal(HttpStatusCode.NoContent, outbound.StatusCode);
        Assert.Equal(HttpStatusCode.InternalServerError, other.StatusCode);
        Assert.Equal(0, await daprd.Process.ExitAsync());
        Assert.Contains("Daprd shutdown gracefully", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(165)]
    public async Task Contract_165_shutdown_answers_204_then_exits_0_and_forced_exits_1()
    {
        await using var polite = await DaprdProcess.StartHealthyAsync(_folder, "polite");
        await using var forced = await DaprdProcess.StartHealthyAsync(_folder, "forced");
        using var force = new HttpRequestMessage(HttpMethod.Post, "/v1.0/shutdown") { Headers = { { "dapr-force-shutdown", "true" } } };

        using var first = await polite.Client.PostAsync("/v1.0/shutdown", null);
        using var second = await forced.Client.SendAsync(force);

        Assert.Equal(HttpStatusCode.NoContent, first.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, second.StatusCode);
        Assert.Equal(0, await polite.Process.ExitAsync());
        Assert.Equal(1, await forced.Process.ExitAsync());
    }

    [Fact]
    [Contract(159)]
    public async Task Contract_159_the_api_token_guards_every_route_but_health()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "guarded", environment: new Dictionary<string, string?> { ["DAPR_API_TOKEN"] = "right" });

        using var missing = await daprd.Client.GetAsync("/v1.0/metadata");
        using var wrong = await GetAsync("wrong");
        using var right = await GetAsync("right");
        using var health = await daprd.Client.GetAsync("/v1.0/healthz/outbound");

        Assert.Equal(HttpStatusCode.Unauthorized, missing.StatusCode);
        Assert.Equal("invalid api token", await missing.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, health.StatusCode);
        Assert.DoesNotContain("right", daprd.Output, StringComparison.Ordinal);

        Task<HttpResponseMessage> GetAsync(string token) =>
            daprd.Client.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/v1.0/metadata") { Headers = { { "dapr-api-token", token } } });
    }

    [Fact]
    public async Task An_unknown_component_type_ends_it_with_1_and_the_file_is_named()
    {
        _folder.Write("components/odd.yaml", Sets.Component("odd", "state.sqllite"));
        await using var daprd = DaprdProcess.Start(_folder, "me");

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains("odd.yaml", daprd.Output, StringComparison.Ordinal);
        Assert.Contains("couldn't find state.sqllite/v1", daprd.Output, StringComparison.Ordinal);
        Assert.Single(daprd.Output.Split('\n'), line => line.Contains("level=fatal msg=\"Fatal error from runtime: ", StringComparison.Ordinal));
        Assert.Contains("state.sqlite", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(154)]
    public async Task Contract_154_a_component_that_cannot_start_ends_it_unless_ignored()
    {
        _folder.Write("components/state.yaml", Sets.Component("broken", "state.sqlite"));
        await using var strict = DaprdProcess.Start(_folder, "strict");
        Assert.Equal(1, await strict.Process.ExitAsync());
        Assert.Contains("component broken (state.sqlite", strict.Output, StringComparison.Ordinal);
        Assert.Contains("connectionString", strict.Output, StringComparison.Ordinal);

        _folder.Write("components/state.yaml", Sets.Component("broken", "state.sqlite").Replace("  version: v1", "  version: v1\n  ignoreErrors: true", StringComparison.Ordinal));
        await using var lenient = await DaprdProcess.StartHealthyAsync(_folder, "lenient");
        Assert.DoesNotContain("broken", await lenient.Client.GetStringAsync("/v1.0/metadata"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broken_document_is_skipped_with_a_line_and_the_rest_works()
    {
        _folder.WithSqlite().Write("components/a-broken.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: [unclosed\n");
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");

        using var saved = await daprd.Client.PostAsync("/v1.0/state/statestore", new StringContent("""[{"key":"k","value":1}]""", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        await daprd.Process.LineAsync("a-broken.yaml:");
    }

    [Fact]
    public async Task A_port_in_use_is_said_with_its_owner()
    {
        await using var first = await DaprdProcess.StartHealthyAsync(_folder, "first");
        await using var second = DaprdProcess.Start(_folder, "second", httpPort: first.HttpPort);

        Assert.Equal(1, await second.Process.ExitAsync());
        Assert.Contains($"port {first.HttpPort}: it is in use by process {first.Process.Id}", second.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--app-prot", "unknown flag --app-prot (did you mean --app-protocol?)")]
    [InlineData("--dapr-http-port=seven", "--dapr-http-port is 'seven'")]
    [InlineData("--app-id=a.b", "must not contain a dot")]
    [InlineData("--app-protocol=smtp", "--app-protocol 'smtp' is none of")]
    [InlineData("--mode=kubernetes", "--mode is 'kubernetes'")]
    [InlineData("--resources-path=/does/not/exist", "/does/not/exist")]
    public async Task A_wrong_flag_ends_it_with_1_and_is_named(string flag, string message)
    {
        await using var daprd = DaprdProcess.Start(_folder, "me", flags: [flag]);

        Assert.Equal(1, await daprd.Process.ExitAsync());
        Assert.Contains(message, daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_listens_on_loopback_alone()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");

        var listeners = System.Net.NetworkInformation.IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Where(listener => listener.Port == daprd.HttpPort);

        Assert.NotEmpty(listeners);
        Assert.All(listeners, listener => Assert.True(IPAddress.IsLoopback(listener.Address)));
    }

    [Fact]
    [Contract(161)]
    public async Task Contract_161_the_http_port_speaks_http_1_and_2_unless_told_otherwise()
    {
        await using var both = await DaprdProcess.StartHealthyAsync(_folder, "both");
        await using var old = await DaprdProcess.StartHealthyAsync(_folder, "old", environment: new Dictionary<string, string?> { ["DAPR_HTTP_DISABLE_H2C"] = "true" });

        using var first = await both.Client.GetAsync("/v1.0/healthz");
        using var second = await both.Client.SendAsync(Http2());
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => old.Client.SendAsync(Http2()));

        Assert.Equal((HttpVersion.Version11, HttpVersion.Version20), (first.Version, second.Version));
        Assert.Equal(HttpStatusCode.NoContent, second.StatusCode);

        static HttpRequestMessage Http2() => new(HttpMethod.Get, "/v1.0/healthz") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
    }

    [Fact]
    public async Task The_case_of_a_route_does_not_count()
    {
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder, "me");

        using var metadata = await daprd.Client.GetAsync("/V1.0/Metadata");

        Assert.Equal(HttpStatusCode.OK, metadata.StatusCode);
    }

    [Fact]
    public async Task One_dash_is_as_good_as_two_and_version_is_told()
    {
        await using var daprd = TestProcess.Start("dotnet", [Path.Combine(AppContext.BaseDirectory, "daprd.dll"), "-version"]);

        Assert.Equal(0, await daprd.ExitAsync());
        Assert.StartsWith("1.18", daprd.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_is_there_before_the_app_and_health_waits_for_it()
    {
        await using var app = TestApp.NotListening();
        await using var daprd = DaprdProcess.Start(_folder.WithSqlite(), "me", app.Port);
        await daprd.Process.LineAsync("waiting for the application to listen on port");

        using var early = await daprd.Client.GetAsync("/v1.0/healthz");
        using var outbound = await daprd.Client.GetAsync("/v1.0/healthz/outbound");
        await app.StartListeningAsync();
        await daprd.HealthyAsync();

        Assert.Equal(HttpStatusCode.InternalServerError, early.StatusCode);
        Assert.Contains("ERR_HEALTH_NOT_READY", await early.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NoContent, outbound.StatusCode);
        Assert.Equal("me", (await app.NextAsync("/dapr/config")).Headers["dapr-app-id"]);
        Assert.Equal("me", (await app.NextAsync("/dapr/subscribe")).Headers["dapr-app-id"]);
    }

    [Fact]
    [Contract(163)]
    public async Task Contract_163_an_oversized_body_is_refused_by_the_route_and_never_413()
    {
        await using var app = await TestApp.StartAsync();
        await using var daprd = await DaprdProcess.StartHealthyAsync(_folder.WithSqlite(), "me", app.Port, ["--max-body-size", "1Ki"]);
        var large = $$"""[{"key":"k","value":"{{new string('x', 2000)}}"}]""";

        using var state = await daprd.Client.PostAsync("/v1.0/state/statestore", Json(large));
        using var publish = await daprd.Client.PostAsync("/v1.0/publish/pubsub/t", Json(large));
        using var invoke = await daprd.Client.PostAsync("/v1.0/invoke/me/method/x", Json(large));

        Assert.All([state, publish, invoke], response => Assert.True(response.Headers.ConnectionClose, "a connection that is about to be closed must say so"));
        Assert.Contains((int)state.StatusCode, (int[])[400, 500]);
        Assert.Contains((int)publish.StatusCode, (int[])[400, 500]);
        Assert.Contains((int)invoke.StatusCode, (int[])[400, 500]);
        Assert.DoesNotContain(app.Seen, request => request.Path == "/x" && request.Body.Length > 1024);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
