using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>Awaiting what sidecars do.</summary>
public sealed class EventTests
{
    [Fact]
    public async Task What_happened_before_the_await_counts_and_counts_once()
    {
        await using var dapr = await StartAsync(app => app.Ok("/orders"));
        await dapr["shop"].PublishAsync("orders", 1);
        await dapr["shop"].PublishAsync("orders", 2);

        var first = await dapr.DeliveredAsync("pubsub", "orders");
        var second = await dapr.DeliveredAsync("pubsub", "orders", to: "shop");
        var none = await Assert.ThrowsAsync<TimeoutException>(() => dapr.DeliveredAsync("pubsub", "orders", within: TimeSpan.FromMilliseconds(100)));

        Assert.Equal((1, 2), (first.Data<int>(), second.Data<int>()));
        Assert.StartsWith("Waited 0.1 s in vain for: a delivery of pubsub/orders", none.Message, StringComparison.Ordinal);
        Assert.Contains($"shop: MessageDelivered pubsub/orders {second.Id} SUCCESS", none.Message, StringComparison.Ordinal);
        Assert.Equal(2, dapr.Events.OfType<MessagePublished>().Count());
    }

    [Fact]
    public async Task A_message_that_the_app_refuses_is_seen_with_its_reason_and_as_a_dead_letter()
    {
        await using var dapr = await StartAsync(app => app.MapPost("/orders", () => Results.StatusCode(503)), deadLetterTopic: "lost");

        await dapr["shop"].PublishAsync("orders", "tea");
        var refused = await dapr.DeliveredAsync("pubsub", "orders", message => !message.IsSuccess);
        var letter = await dapr.DeadLetteredAsync("pubsub", "orders");

        Assert.Equal(("RETRY", "the app answered 503"), (refused.Status, refused.Reason));
        Assert.Equal(("lost", refused.Id), (letter.DeadLetterTopic, letter.Id));
        Assert.Equal("com.dapr.event.sent", letter.Type);
    }

    [Fact]
    public async Task State_is_seen_by_the_key_that_the_app_knows_whether_saved_or_transacted()
    {
        await using var dapr = await StartAsync(_ => { });
        using var saved = await dapr["shop"].SaveAsync("one", "1");
        using var transaction = new StringContent(
            """{"operations":[{"operation":"upsert","request":{"key":"two","value":"2"}},{"operation":"delete","request":{"key":"one"}}]}""", null, "application/json");
        using var transacted = await dapr["shop"].Sidecar.PostAsync("/v1.0/state/statestore/transaction", transaction);

        var any = await dapr.StateSavedAsync("statestore");
        var two = await dapr.StateSavedAsync("statestore", "two");
        var gone = await dapr.EventAsync<StateDeleted>("the deletion", _ => true);

        Assert.Equal(("one", "1"), (any.Key, any.As<string>()));
        Assert.Equal("2", two.As<string>());
        Assert.Equal("one", gone.Key);
    }

    [Fact]
    public async Task A_save_that_the_store_refuses_is_none()
    {
        await using var dapr = await StartAsync(_ => { });
        using var wrongETag = new StringContent("""[{"key":"k","value":"v","etag":"1"}]""", null, "application/json");

        using var refused = await dapr["shop"].Sidecar.PostAsync("/v1.0/state/statestore", wrongETag);

        Assert.False(refused.IsSuccessStatusCode);
        Assert.Empty(dapr.Events.OfType<StateSaved>());
    }

    [Fact]
    public async Task Health_is_the_present_one()
    {
        await using var dapr = await StartAsync(_ => { });

        await dapr.AppHealthyAsync("shop");
        await dapr["shop"].StopSidecarAsync();
        await dapr.AppUnhealthyAsync("shop");
        var healthy = dapr.AppHealthyAsync("shop");
        Assert.False(healthy.IsCompleted);
        await dapr["shop"].StartSidecarAsync();
        await healthy;
    }

    [Fact]
    [Contract(64)]
    public async Task An_app_that_fails_its_health_checks_hears_nothing_until_it_passes_them()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .Sqlite()
            .WithFakeClock()
            .Sidecars(options => options with { AppHealth = new AppHealthOptions { Interval = TimeSpan.FromSeconds(10), Timeout = TimeSpan.FromSeconds(10) } })
            .App("shop", app =>
            {
                app.MapGet("/healthz", () => "well");
                app.Ok("/orders");
            })
            .Subscription("shop", "orders", "/orders"));

        using (dapr.Faults.App("shop", Fail.WithStatus(500), path: "/healthz"))
        {
            await PassTimeUntilAsync(dapr.AppUnhealthyAsync("shop"));
            await dapr["shop"].PublishAsync("orders", "tea");
            dapr.Clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Empty(dapr.Events.OfType<MessageDelivered>());
        }

        await PassTimeUntilAsync(dapr.AppHealthyAsync("shop"));
        await PassTimeUntilAsync(dapr.DeliveredAsync("pubsub", "orders"));

        Task PassTimeUntilAsync(Task awaited) => Eventually.TrueAsync(
            () =>
            {
                dapr.Clock.Advance(TimeSpan.FromSeconds(1));
                return awaited.IsCompletedSuccessfully;
            },
            "what takes time on the host's clock");
    }

    [Fact]
    public async Task A_condition_that_throws_fails_the_wait_and_not_the_delivery()
    {
        await using var dapr = await StartAsync(app => app.Ok("/orders"));

        var wrong = dapr.DeliveredAsync("pubsub", "orders", message => message.Data<DateTime>() > default(DateTime));
        await dapr["shop"].PublishAsync("orders", "no date");

        await Assert.ThrowsAsync<System.Text.Json.JsonException>(() => wrong);
        Assert.True((await dapr.DeliveredAsync("pubsub", "orders")).IsSuccess);
    }

    private static Task<DaprTestHost> StartAsync(Action<WebApplication> map, string? deadLetterTopic = null) => DaprTestHost.StartAsync(host => host
        .InMemory()
        .App("shop", map)
        .Subscription("shop", "orders", "/orders", deadLetterTopic: deadLetterTopic));
}
