using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Sidecar.Cli.Processes;
using Sidecar.Components;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary><c>restart: on-failure</c> of a template.</summary>
public sealed class RestartTests : RunFixture
{
    /// <summary>An app that tells each event it is handed, and its pid at its start.</summary>
    private const string Subscriber =
        """
        import http.server, json, os, sys
        class App(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                topics = open("topics").read().split()
                routes = [{"pubsubname": "events", "topic": topic, "route": "/events"} for topic in topics] if self.path == "/dapr/subscribe" else {"pid": os.getpid()}
                self.answer(json.dumps(routes))
            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                self.answer("{}")
                print("event-%s=%s" % (event["data"], os.getpid()), flush=True)
            def answer(self, text):
                self.send_response(200)
                self.send_header("content-length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())
            def log_message(self, *args):
                pass
        http.server.ThreadingHTTPServer.allow_reuse_address = True
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App)
        print("up-%s=1" % os.getpid(), flush=True)
        server.serve_forever()
        """;

    private static readonly HttpClient Http = new() { Timeout = Eventually.Patience };

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task A_killed_app_is_started_again_its_sidecar_stays_and_no_event_is_lost(params string[] mode)
    {
        var template = SubscriberTemplate("restart: on-failure");
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. mode]);
        await run.LineAsync("all 1 apps are healthy");
        var before = (await ListAsync())["a"];
        var (dapr, pid) = (before.GetProperty("httpPort").GetInt32(), before.GetProperty("appPid").GetInt32());
        await PublishAsync(dapr, "first");
        Assert.Equal($"{pid}", await run.PrintedAsync("a", "event-first"));

        ProcessIdentity.Of(pid)!.Kill();
        await run.LineAsync("a ended with exit code 137 (signal SIGKILL) after");
        await PublishAsync(dapr, "second");

        await run.LineAsync("it is started again in 1 s (restart 1)");
        await run.LineAsync("a is healthy again after");
        var after = (await ListAsync())["a"];
        var newPid = after.GetProperty("appPid").GetInt32();
        Assert.NotEqual(pid, newPid);
        Assert.Equal($"{newPid}", await run.PrintedAsync("a", "event-second"));
        Assert.Equal(before.GetProperty("daprdPid").GetInt32(), after.GetProperty("daprdPid").GetInt32());
        Assert.Equal($"{newPid}", (await ExtendedMetadataAsync(dapr))["appPID"]);
        var answer = await Http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{dapr}/v1.0/invoke/a/method/who");
        Assert.Equal(newPid, answer.GetProperty("pid").GetInt32());
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
        Assert.Null(ProcessIdentity.Of(newPid));
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task An_app_that_subscribes_to_another_topic_since_its_restart_gets_the_messages_of_that(params string[] mode)
    {
        var template = SubscriberTemplate("restart: on-failure");
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. mode]);
        await run.LineAsync("all 1 apps are healthy");
        var before = (await ListAsync())["a"];
        var dapr = before.GetProperty("httpPort").GetInt32();
        Folder.Write("a/topics", "new");

        ProcessIdentity.Of(before.GetProperty("appPid").GetInt32())!.Kill();
        await run.LineAsync("a is healthy again after");
        await PublishAsync(dapr, "hello", topic: "new");

        await run.PrintedAsync("a", "event-hello");
        var subscription = Assert.Single((await MetadataAsync(dapr)).GetProperty("subscriptions").EnumerateArray());
        Assert.Equal("new", subscription.GetProperty("topic").GetString());
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task Pauses_grow_and_the_run_ends_when_the_app_ends_well()
    {
        var clock = Stopwatch.StartNew();
        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", Template("a", "echo x >>tries; [ $(wc -l <tries) -gt 2 ] || exit 3; echo enough", "restart: on-failure"));

        Assert.Equal(0, code);
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(3), $"took {clock.Elapsed}");
        var ends = Regex.Matches(output, @"a ended with exit code (\d) after (\d+\.\d) s");
        Assert.Equal(["3", "3", "0"], ends.Select(end => end.Groups[1].Value));

        // The pauses are no part of the time that the app lived.
        Assert.All(ends, end => Assert.True(double.Parse(end.Groups[2].Value, CultureInfo.InvariantCulture) < clock.Elapsed.TotalSeconds - 3, output));
        Assert.Contains("it is started again in 1 s (restart 1)", output);
        Assert.Contains("it is started again in 2 s (restart 2)", output);
        Assert.Contains("all apps have ended", output);
    }

    [Fact]
    public async Task A_stop_during_the_pause_starts_nothing_more()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template("a", "echo x >>tries; exit 3", "restart: on-failure"));
        await run.LineAsync("it is started again in 8 s (restart 4)");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));

        Assert.Equal(4, File.ReadAllLines(Folder.File("a/tries")).Length);
    }

    [Fact]
    public async Task A_sidecar_that_fails_ends_its_app_for_good()
    {
        await using var run = DaprCli.Start(Folder, "run", "-f", Template(("a", Waiting, "restart: on-failure"), ("b", Waiting, "")));
        await run.LineAsync("all 2 apps are healthy");
        var port = (await ListAsync())["a"].GetProperty("httpPort").GetInt32();

        using var forced = await PostAsync(port, "/v1.0/shutdown", ("dapr-force-shutdown", "true"));

        await run.LineAsync("the sidecar of a failed with exit code 1, so the app is ended too");
        await run.LineAsync("a ended with exit code 143 (signal SIGTERM)");
        Assert.DoesNotContain("started again", run.Output);
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task An_app_without_a_command_is_waited_for_and_may_come_and_go(params string[] mode)
    {
        var template = SubscriberTemplate("env: { COLOR: blue }", hasCommand: false);
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. mode]);
        var how = await run.LineAsync("a has no command: start it yourself, on 127.0.0.1:");
        await run.LineAsync("0 of 1 apps are healthy");
        var dapr = (await ListAsync())["a"].GetProperty("httpPort").GetInt32();
        Assert.Contains($" DAPR_HTTP_PORT={dapr} ", how);
        Assert.Contains(", and COLOR as in the template; daprHTTPPort and daprGRPCPort in the template keep these ports", how);
        await PublishAsync(dapr, "early");

        await using (var first = StartByHand(how))
        {
            await run.LineAsync("a is healthy after");
            await first.LineAsync("event-early=");
        }

        await run.LineAsync("a is gone; it is waited for on 127.0.0.1:");
        await PublishAsync(dapr, "between");
        await using var second = StartByHand(how);
        await run.LineAsync("a is healthy again after");
        await second.LineAsync("event-between=");
        await PublishAsync(dapr, "late");
        await second.LineAsync("event-late=");
        var answer = await Http.GetFromJsonAsync<JsonElement>($"http://127.0.0.1:{dapr}/v1.0/invoke/a/method/who");
        Assert.Equal(second.Id, answer.GetProperty("pid").GetInt32());
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
        Assert.False(second.HasExited);
    }

    private TestProcess StartByHand(string how)
    {
        var variables = how.Split(' ').Select(word => word.TrimEnd(';', ',').Split('=')).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], string? (pair) => pair[1]);
        Assert.Equal(["APP_ID", "APP_PORT", "DAPR_GRPC_PORT", "DAPR_HTTP_PORT"], variables.Keys.Order(StringComparer.Ordinal));
        return TestProcess.Start("python3", ["app.py"], Folder.File("a"), variables);
    }

    private string SubscriberTemplate(string extra, bool hasCommand = true)
    {
        Folder.Write("a/app.py", Subscriber);
        Folder.Write("a/topics", "t");
        var template = Template("a", hasCommand ? "exec python3 app.py" : "", $"appPort: {FreePorts.Next()}\n{extra}");
        Folder.Write(
            "resources/pubsub.yaml",
            $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: events\nspec:\n  type: pubsub.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n    value: {Folder.File("events.db")}\n");
        return template;
    }

    private static async Task PublishAsync(int daprPort, string data, string topic = "t")
    {
        using var content = new StringContent(JsonSerializer.Serialize(data), Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync($"http://127.0.0.1:{daprPort}/v1.0/publish/events/{topic}", content);
        response.EnsureSuccessStatusCode();
    }
}
