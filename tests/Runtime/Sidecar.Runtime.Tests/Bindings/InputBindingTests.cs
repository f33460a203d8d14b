using Microsoft.AspNetCore.Http;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Bindings;

/// <summary>Events of input bindings on their way to the app (contract section 2.11).</summary>
public sealed class InputBindingTests : BindingsHost
{
    [Theory]
    [InlineData(200, true)]
    [InlineData(204, true)]
    [InlineData(405, true)]
    [InlineData(404, false)]
    [InlineData(500, false)]
    [InlineData(302, false)]
    [Contract(105)]
    public async Task The_app_is_asked_by_options_and_2xx_and_405_are_a_yes(int status, bool runs)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", status));
        await using var sidecar = await With("in").StartAsync(app);

        var question = Assert.Single(app.Seen, request => request.Path == "/in");
        Assert.Equal("OPTIONS", question.Method);
        Assert.Equal(runs, Running.ContainsKey("in"));
        await sidecar.LineAsync(runs ? "Input binding in calls the app at /in" : $"it answered OPTIONS /in with {status}");
    }

    [Fact]
    [Contract(105)]
    public async Task An_app_that_does_not_answer_in_time_gets_no_events_and_the_component_stays()
    {
        var asked = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(app => app.On("/in", async (context, _) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }));
        await using var sidecar = await With("in").StartAsync(app, options => options with { AppBindingTimeout = TimeSpan.FromSeconds(7) });
        await asked.Task.WithinAsync("the question");

        Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.False(sidecar.Instance.Healthy.IsCompleted);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await sidecar.Instance.Healthy.WithinAsync("health");

        await sidecar.LineAsync("Input binding in is not started: the app could not be asked whether it takes it (no answer to OPTIONS /in within 7 s)");
        Assert.Empty(Running);
        Assert.Equal("in", (string?)(await sidecar.MetadataAsync())["components"]![0]!["name"]);
    }

    [Theory]
    [InlineData("output", false)]
    [InlineData("Output ", false)]
    [InlineData("input", true)]
    [InlineData("output, INPUT", true)]
    [Contract(106)]
    public async Task A_direction_spares_the_question(string direction, bool runs)
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await With("in", metadata: ("direction", direction)).StartAsync(app);

        Assert.DoesNotContain(app.Seen, request => request.Path == "/in");
        Assert.Equal(runs, Running.ContainsKey("in"));
    }

    [Theory]
    [InlineData(null, "/in")]
    [InlineData("/else/where", "/else/where")]
    [InlineData("my way", "/my%20way")]
    [Contract(107)]
    public async Task Cron_posts_to_the_name_or_the_route_with_the_time_as_headers_and_the_apps_token(string? route, string path)
    {
        await using var app = await TestApp.StartAsync(app => app.On(path, 200));
        With("in", "bindings.cron", route is null ? [("schedule", "@every 1s")] : [("schedule", "@every 1s"), ("route", route)]);
        await using var sidecar = await StartAsync(app, options => options with { Environment = new Dictionary<string, string> { ["APP_API_TOKEN"] = "app-token" } });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Assert.Equal("OPTIONS", (await app.NextAsync(path)).Method);

        Clock.Advance(TimeSpan.FromSeconds(1));
        var tick = await app.NextAsync(path);

        Assert.Equal(("POST", ""), (tick.Method, tick.Text));
        Assert.Equal(("application/json", "app-token"), (tick.Headers["Content-Type"], tick.Headers["dapr-api-token"]));
        Assert.Equal(("Local", "2026-01-01 00:00:01 +0000 UTC"), (tick.Headers["timeZone"], tick.Headers["readTimeUTC"]));
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$", tick.Headers["traceparent"]);
    }

    [Fact]
    public async Task An_event_has_its_bytes_and_metadata_and_the_component_gets_the_apps_answer()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", async (context, request) =>
        {
            context.Response.StatusCode = request.Text == "good" ? StatusCodes.Status202Accepted : StatusCodes.Status409Conflict;
            await context.Response.WriteAsync($"""{request.Text} seen""");
        }));
        await using var sidecar = await With("in", metadata: ("direction", "input")).StartAsync(app);

        var good = await EventAsync("in", "good", ("k", "v"), ("dapr-api-token", "forged"), ("Host", "elsewhere"), ("odd", "line\nbreak"));
        var bad = await EventAsync("in", "bad");

        Assert.Equal((true, "good seen"), good);
        Assert.Equal((false, "bad seen"), bad);
        var headers = app.Seen.First(request => request.Text == "good").Headers;
        Assert.Equal("v", headers["k"]);
        Assert.Equal($"127.0.0.1:{app.Port}", headers["Host"]);
        Assert.False(headers.ContainsKey("dapr-api-token"));
        Assert.False(headers.ContainsKey("odd"));
        await sidecar.LineAsync("An event of input binding in is not handled: the app answered POST /in with 409");
    }

    [Fact]
    public async Task What_an_http_app_answers_makes_nothing_else_happen()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/in", 200, """{"to":["out"],"data":"x","concurrency":"parallel","storeName":"s","state":[]}"""));
        await using var sidecar = await With("in", metadata: ("direction", "input")).With("out", metadata: ("direction", "output")).StartAsync(app);

        Assert.True((await EventAsync("in", "{}")).IsHandled);

        Assert.Empty(Calls);
    }

    [Fact]
    public async Task Without_an_app_nothing_is_asked_and_nothing_runs()
    {
        await using var sidecar = await With("in", metadata: ("direction", "input")).StartAsync();
        await sidecar.Instance.Healthy.WithinAsync("health");
        Assert.Empty(Running);
    }

    [Fact]
    [Contract(109)]
    public async Task While_the_app_is_unhealthy_no_events_come_and_then_they_do_again()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 200).On("/tick", 200));
        With("tick", "bindings.cron", ("schedule", "@every 1s"));
        await using var sidecar = await StartAsync(app, options => options with { AppHealth = new AppHealthOptions { Threshold = 1 }, AppBindingTimeout = TimeSpan.FromHours(1) });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Eventually.TrueAsync(() => Ticks(app) == 1, "a tick");

        app.On("/healthz", 503);
        await Eventually.TrueAsync(
            () =>
            {
                // In small steps: the ticks under way end well, and none comes to the app later.
                Clock.Advance(TimeSpan.FromSeconds(1));
                return sidecar.Log.Any(line => line.Contains("un-healthy", StringComparison.Ordinal));
            },
            "bad health");
        await sidecar.LineAsync("Input binding tick calls the app no more");
        app.Seen.Clear();
        Clock.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(0, Ticks(app));

        app.On("/healthz", 200);
        await Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(TimeSpan.FromSeconds(1));
                return Ticks(app) > 0;
            },
            "ticks again");
        Assert.Contains(app.Seen, request => request is { Path: "/tick", Method: "OPTIONS" });
    }

    [Fact]
    public async Task An_event_that_the_app_never_answers_does_not_hold_up_what_the_sidecar_does_next()
    {
        var arrived = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(app => app.On("/in", async (context, _) =>
        {
            arrived.TrySetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }));
        With("in", "bindings.cron", ("schedule", "@every 10s"), ("direction", "input"));
        await using var sidecar = await StartAsync(app, options => options with { ReconcileInterval = TimeSpan.FromHours(1) });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Clock.Advance(TimeSpan.FromSeconds(10));
        await arrived.Task.WithinAsync("the event");

        File.Delete(Folder.File("components/in.yaml"));
        await AdvanceUntilAsync(() => sidecar.Log.Any(line => line.Contains("component in (bindings.cron) removed", StringComparison.Ordinal)), "the removal");
        await AdvanceUntilAsync(() => sidecar.Log.Any(line => line.Contains("An event of input binding in is not handled", StringComparison.Ordinal)), "the end of the event");

        With("other", metadata: ("direction", "input"));
        await AdvanceUntilAsync(() => Running.ContainsKey("other"), "the next binding");
    }

    [Fact]
    public async Task Bindings_follow_their_files()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/a", 200).On("/b", 200).On("/c", 200).On("/new", 200).On("/unwanted", 404));
        await using var sidecar = await With("a").With("unwanted").StartAsync(app, options => options with { AppBindingTimeout = TimeSpan.FromHours(1) });
        await sidecar.Instance.Healthy.WithinAsync("health");
        Assert.Equal(["a"], Running.Keys);

        With("b");
        await AdvanceUntilAsync(() => Running.ContainsKey("b"), "the new binding");
        With("a", metadata: ("route", "/new"));
        await AdvanceUntilAsync(() => app.Seen.Any(request => request.Path == "/new"), "the changed binding's question");
        await AdvanceUntilAsync(() => Running.ContainsKey("a"), "the changed binding");
        Assert.True((await EventAsync("a", "moved")).IsHandled);
        Assert.Equal("/new", app.Seen.Single(request => request.Text == "moved").Path);
        File.Delete(Folder.File("components/b.yaml"));
        await AdvanceUntilAsync(() => !Running.ContainsKey("b"), "the end of a binding");

        Assert.Equal((500, "ERR_INVOKE_OUTPUT_BINDING", "error invoking output binding b: couldn't find output binding b"), (await InvokeAsync(sidecar, "b", """{"operation":"create"}""")).Error);
        // What the app does not want is not asked for again because something else changes.
        Assert.Single(app.Seen, request => request.Path == "/unwanted");
    }

    [Fact]
    [Contract(167)]
    public async Task A_stop_ends_them_at_once_also_while_the_shutdown_is_blocked_and_an_event_under_way_is_finished()
    {
        var (arrived, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200).On("/in", async (_, _) =>
        {
            arrived.TrySetResult();
            await answer.Task;
        }));
        await using var sidecar = await With("in", metadata: ("direction", "input")).StartAsync(
            app, options => options with { BlockShutdown = TimeSpan.FromMinutes(1), GracefulShutdown = TimeSpan.FromHours(1) });
        await sidecar.Instance.Healthy.WithinAsync("health");
        var underWay = EventAsync("in", "{}");
        await arrived.Task.WithinAsync("the event");

        var stopping = sidecar.Instance.StopAsync();
        await sidecar.LineAsync("Blocking graceful shutdown");
        await Eventually.TrueAsync(() => Running.IsEmpty, "the end of the binding");
        Assert.Equal(200, (await sidecar.GetAsync("/v1.0/invoke/me/method/x")).Status);
        Assert.Equal(204, (await InvokeAsync(sidecar, "in", """{"operation":"create"}""")).Status);
        answer.SetResult();

        Assert.True((await underWay.WithinAsync("the event")).IsHandled);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await stopping.WithinAsync("the stop");
        Assert.Equal(0, await sidecar.Instance.Stopped);
    }

    private static int Ticks(TestApp app) => app.Seen.Count(request => request is { Path: "/tick", Method: "POST" });

    private Task AdvanceUntilAsync(Func<bool> isDone, string what) => Eventually.TrueAsync(
        () =>
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            return isDone();
        },
        what);

    private async Task<(bool IsHandled, string Answer)> EventAsync(string name, string data, params (string Name, string Value)[] metadata)
    {
        var outcome = await Running[name](new BindingEvent(System.Text.Encoding.UTF8.GetBytes(data), metadata.ToDictionary(item => item.Name, item => item.Value)), CancellationToken.None);
        return (outcome.IsHandled, System.Text.Encoding.UTF8.GetString(outcome.Data.Span));
    }
}
