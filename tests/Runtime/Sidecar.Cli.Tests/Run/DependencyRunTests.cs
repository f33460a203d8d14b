using System.Globalization;
using TestSupport;

namespace Sidecar.Cli.Tests.Run;

/// <summary><c>dependsOn</c> of a template.</summary>
public sealed class DependencyRunTests : RunFixture
{
    /// <summary>An app that listens on its port only once the file <c>go</c> is in its folder, and that says when it is asked to end.</summary>
    private const string ListensOnWord =
        """trap 'echo stopped-$APP_ID-at=$(date +%s%N); exit 0' TERM; while [ ! -f go ]; do sleep 0.02; done; echo serving=1; python3 -m http.server --bind 127.0.0.1 $APP_PORT >/dev/null 2>&1 & wait""";

    private const string SaysItsEnd = """trap 'echo stopped-$APP_ID-at=$(date +%s%N); exit 0' TERM; echo started=1; while :; do sleep 0.02; done""";

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task An_app_starts_once_those_it_depends_on_are_healthy_and_ends_before_them(params string[] mode)
    {
        var port = FreePorts.Next();
        var connects = $"""python3 -c 'import socket; socket.create_connection(("127.0.0.1", {port}))' || exit 1; {SaysItsEnd}""";
        var template = Template(("web", connects, "dependsOn: [store, other]"), ("store", ListensOnWord, $"appPort: {port}"), ("other", SaysItsEnd, ""));
        await using var run = DaprCli.Start(Folder, ["run", "-f", template, .. mode]);
        await run.LineAsync("other is healthy");
        Assert.DoesNotContain("== APP - web ==", run.Output);

        Folder.Write("store/go", "");

        await run.LineAsync("store is healthy after");
        await run.LineAsync("== APP - web == started=1");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
        Assert.True(await StoppedAtAsync(run, "web") < await StoppedAtAsync(run, "store"), run.Output);
        Assert.True(await StoppedAtAsync(run, "web") < await StoppedAtAsync(run, "other"), run.Output);
    }

    [Theory]
    [InlineData()]
    [InlineData("--isolated")]
    public async Task An_app_with_health_checks_is_healthy_once_they_pass(params string[] mode)
    {
        const string Checked =
            """
            import http.server, os
            class App(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    self.send_response(200 if self.path != "/ready" or os.path.exists("go") else 503)
                    self.send_header("content-length", "0")
                    self.end_headers()
                    if self.path == "/ready":
                        print("asked=1", flush=True)
            http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["APP_PORT"])), App).serve_forever()
            """;
        Folder.Write("store/app.py", Checked);
        var health = $"appPort: {FreePorts.Next()}\nenableAppHealthCheck: true\nappHealthCheckPath: /ready\nappHealthProbeInterval: 1";
        await using var run = DaprCli.Start(Folder, ["run", "-f", Template(("web", SaysItsEnd, "dependsOn: [store]"), ("store", "exec python3 app.py", health)), .. mode]);
        await Eventually.TrueAsync(() => run.Output.Split("asked=1").Length > 2, "two checks of the app's health");
        Assert.DoesNotContain("store is healthy", run.Output);

        Folder.Write("store/go", "");

        await run.LineAsync("store is healthy after");
        await run.LineAsync("== APP - web == started=1");
        Assert.Equal(0, await run.SignalAndWaitAsync(SigTerm));
    }

    [Fact]
    public async Task What_depends_on_an_app_that_ended_before_it_was_healthy_is_not_started()
    {
        var template = Template(("web", SaysItsEnd, "dependsOn: [api]"), ("api", SaysItsEnd, "dependsOn: [store]"), ("store", "exit 7", $"appPort: {FreePorts.Next()}"), ("other", "exit 0", ""));

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains("store ended with exit code 7", output);
        Assert.Contains("api is not started: it depends on store, which has ended and was never healthy", output);
        Assert.Contains("web is not started: it depends on api, which has ended and was never healthy", output);
        Assert.Contains("all apps have ended", output);
        Assert.DoesNotContain("== APP - web ==", output);
        Assert.DoesNotContain("== APP - api ==", output);
    }

    [Fact]
    public async Task A_run_that_is_stopped_while_apps_wait_for_others_ends_and_starts_none()
    {
        var template = Template(("web", SaysItsEnd, "dependsOn: [store]"), ("store", ListensOnWord, $"appPort: {FreePorts.Next()}"), ("other", SaysItsEnd, ""));
        await using var run = DaprCli.Start(Folder, "run", "-f", template);
        await run.LineAsync("other is healthy");

        Assert.Equal(0, await run.SignalAndWaitAsync(SigInt));

        Assert.DoesNotContain("web", run.Output);
    }

    [Fact]
    public async Task Dependencies_that_cannot_be_kept_are_told_and_nothing_starts()
    {
        var template = Template(("a", Waiting, "dependsOn: [b]"), ("b", Waiting, "dependsOn: [a, c]"));

        var (code, output) = await DaprCli.RunAsync(Folder, "run", "-f", template);

        Assert.Equal(1, code);
        Assert.Contains($"{template}:12: apps[1].dependsOn: goes round in a circle: a -> b -> a", output);
        Assert.Contains($"{template}:12: apps[1].dependsOn: expected the id of an app of this template, found 'c'", output);
        Assert.DoesNotContain("== APP", output);
    }

    private static async Task<long> StoppedAtAsync(DaprCli run, string appId) =>
        long.Parse(await run.PrintedAsync(appId, $"stopped-{appId}-at"), CultureInfo.InvariantCulture);
}
