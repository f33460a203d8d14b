using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sidecar.Testing;
using TestSupport;

namespace Sidecar.Daprd.Tests;

/// <summary>Messages and state between real sidecars on the embedded components, also when one is killed.</summary>
public sealed class DeliveryTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new TempFolder().WithSqlite();
    private TestApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await TestApp.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Contract(45)]
    public async Task A_message_of_one_sidecar_reaches_the_app_of_another(bool inOneProcess)
    {
        _app.On("/news", 200);
        await using var dapr = await StartAsync(inOneProcess, host => host
            .SidecarOnly("publisher")
            .AppAt("subscriber", _app.Port)
            .Subscription("subscriber", "news", "/news"));

        using var accepted = await PublishAsync(dapr["publisher"].Sidecar, "news", """{"n":1}""");
        var delivered = await _app.NextAsync("/news");
        var cloudEvent = JsonNode.Parse(delivered.Text)!;

        Assert.Equal(HttpStatusCode.NoContent, accepted.StatusCode);
        Assert.Equal("application/cloudevents+json", delivered.Headers["Content-Type"]);
        Assert.Equal(1, (int?)cloudEvent["data"]!["n"]);
        Assert.Equal("publisher", (string?)cloudEvent["source"]);
        Assert.Equal("com.dapr.event.sent", (string?)cloudEvent["type"]);
    }

    [Fact]
    public async Task What_a_killed_sidecar_had_in_hand_is_delivered_again_at_once_after_its_restart()
    {
        // A lease that does not run out by itself: it must be the owner's death that frees it.
        _folder.Write("components/pubsub.yaml", Sets.Component("pubsub", "pubsub.sqlite", ("connectionString", _folder.File("pubsub.db")), ("processingTimeout", "1h")));
        _folder.Write("components/subscription.yaml", Sets.Subscription("s", "work", "/work"));
        var inHand = new TaskCompletionSource();
        var never = new TaskCompletionSource();
        _app.On("/work", async (context, _) =>
        {
            inHand.TrySetResult();
            await Task.WhenAny(never.Task, Task.Delay(Timeout.Infinite, context.RequestAborted));
        });
        await using var publisher = await DaprdProcess.StartHealthyAsync(_folder, "publisher");
        await using var first = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port);
        using var accepted = await PublishAsync(publisher, "work", """{"job":7}""");
        await inHand.Task.WithinAsync("the message in the first sidecar's hand");

        first.Process.KillAlone();
        await first.Process.ExitAsync();
        _app.On("/work", 200);
        var already = _app.Seen.Count(request => request.Path == "/work");
        await using var second = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port);

        await Eventually.TrueAsync(() => _app.Seen.Count(request => request.Path == "/work") > already, "the second delivery");
        Assert.Contains("\"job\":7", _app.Seen.Last(request => request.Path == "/work").Text, StringComparison.Ordinal);
        never.SetResult();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_stopping_sidecar_has_in_hand_is_finished_or_delivered_again(bool endsInTime)
    {
        _folder.Write("components/subscription.yaml", Sets.Subscription("s", "work", "/work"));
        var (inHand, done) = (new TaskCompletionSource(), new TaskCompletionSource());
        _app.On("/work", async (_, request) =>
        {
            if (!request.Text.Contains("first", StringComparison.Ordinal))
                return;
            inHand.TrySetResult();
            await done.Task;
        });
        await using var first = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port, ["--dapr-graceful-shutdown-seconds", endsInTime ? "60" : "1"]);
        (await PublishAsync(first, "work", "\"first\"")).Dispose();
        await inHand.Task.WithinAsync("the message in hand");

        await first.Process.SignalAsync("TERM");
        await first.Process.LineAsync("msg=\"stopping\"");
        if (endsInTime)
            done.SetResult();
        Assert.Equal(endsInTime ? 0 : 1, await first.Process.ExitAsync());
        done.TrySetResult();
        var deliveries = _app.Seen.Count(IsFirst);
        await using var second = await DaprdProcess.StartHealthyAsync(_folder, "worker", _app.Port);

        // First deliveries keep their order, so when the second message is here the first would be.
        (await PublishAsync(second, "work", "\"second\"")).Dispose();
        if (!endsInTime)
            await Eventually.TrueAsync(() => _app.Seen.Count(IsFirst) > deliveries, "the second delivery of the first message");
        await Eventually.TrueAsync(() => _app.Seen.Any(request => request.Text.Contains("second", StringComparison.Ordinal)), "the second message");
        Assert.Equal(endsInTime ? deliveries : deliveries + 1, _app.Seen.Count(IsFirst));

        static bool IsFirst(AppRequest request) => request.Text.Contains("first", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    [Contract(51)]
    public async Task A_failing_message_goes_to_the_dead_letter_topic_and_delays_no_other(bool inOneProcess)
    {
        _app.On("/orders", (context, request) =>
        {
            context.Response.StatusCode = request.Text.Contains("bad", StringComparison.Ordinal) ? 503 : 200;
            return Task.CompletedTask;
        }).On("/graveyard", 200);
        await using var dapr = await StartAsync(inOneProcess, host => host
            .AppAt("me", _app.Port)
            .Subscription("me", "orders", "/orders", deadLetterTopic: "graveyard")
            .Subscription("me", "graveyard", "/graveyard"));

        (await PublishAsync(dapr["me"].Sidecar, "orders", "\"bad\"")).Dispose();
        (await PublishAsync(dapr["me"].Sidecar, "orders", "\"good\"")).Dispose();
        var buried = JsonNode.Parse((await _app.NextAsync("/graveyard")).Text)!;

        Assert.Equal("bad", (string?)buried["data"]);
        Assert.Equal("orders", (string?)buried["topic"]);
        await Eventually.TrueAsync(() => _app.Seen.Any(request => request.Path == "/orders" && request.Text.Contains("good", StringComparison.Ordinal)), "the good message");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task State_saved_through_one_sidecar_is_kept_over_a_kill_and_guarded_by_its_etag(bool inOneProcess)
    {
        await using var dapr = await StartAsync(inOneProcess, host => host.SidecarOnly("keeper"));
        var keeper = dapr["keeper"];
        using var saved = await keeper.Sidecar.PostAsync("/v1.0/state/statestore", Json("""[{"key":"k","value":{"a":1}}]"""));
        await keeper.CrashSidecarAsync();
        await keeper.StartSidecarAsync();

        using var read = await keeper.Sidecar.GetAsync("/v1.0/state/statestore/k");
        var etag = read.Headers.NonValidated["ETag"].ToString();
        using var stale = await keeper.Sidecar.PostAsync("/v1.0/state/statestore", Json("""[{"key":"k","value":2,"etag":"6f1c3d0a-0000-0000-0000-000000000000"}]"""));
        using var current = await keeper.Sidecar.PostAsync("/v1.0/state/statestore", Json($$"""[{"key":"k","value":2,"etag":"{{etag}}"}]"""));

        Assert.Equal(HttpStatusCode.NoContent, saved.StatusCode);
        Assert.Equal("""{"a":1}""", await read.Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.Conflict, stale.StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, current.StatusCode);
    }

    private static Task<DaprTestHost> StartAsync(bool inOneProcess, Action<DaprTestHostBuilder> configure) =>
        DaprTestHost.StartAsync(host => configure(host.UseDaprd(inOneProcess ? null : Path.Combine(AppContext.BaseDirectory, "daprd.dll")).Patience(Eventually.Patience).Sqlite()));

    private static Task<HttpResponseMessage> PublishAsync(DaprdProcess daprd, string topic, string json) => PublishAsync(daprd.Client, topic, json);

    private static Task<HttpResponseMessage> PublishAsync(HttpClient sidecar, string topic, string json) =>
        sidecar.PostAsync($"/v1.0/publish/pubsub/{topic}", Json(json));

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");
}
