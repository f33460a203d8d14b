using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace Sidecar.Testing.Tests;

/// <summary>The death of a sidecar in the middle of its work.</summary>
public sealed class CrashTests
{
    [Fact]
    public async Task A_message_in_hand_at_the_crash_is_delivered_again_after_it()
    {
        var asked = new SemaphoreSlim(0);
        var answers = new TaskCompletionSource();
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .Sqlite()
            .App("shop", app => app.MapPost("/orders", async () =>
            {
                asked.Release();
                await answers.Task;
                return Results.Ok();
            }))
            .Subscription("shop", "orders", "/orders"));
        await dapr["shop"].PublishAsync("orders", "tea");
        await asked.WaitAsync().WithinAsync("the first delivery");

        await dapr["shop"].CrashSidecarAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => dapr["shop"].Sidecar.GetAsync("/v1.0/metadata"));
        answers.SetResult();
        await dapr["shop"].StartSidecarAsync();

        await asked.WaitAsync().WithinAsync("the second delivery");
        Assert.Equal("tea", (await dapr.DeliveredAsync("pubsub", "orders")).Data<string>());
        Assert.Single(dapr.Events.OfType<MessageDelivered>(), message => message.IsSuccess);
    }

    [Fact]
    public async Task State_is_what_it_was_and_neighbours_live_on()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.Sqlite().SidecarOnly("one").App("two", app => app.MapGet("/", () => "here")));
        using var saved = await dapr["one"].SaveAsync("k", "v");

        await dapr["one"].CrashSidecarAsync();
        using var alone = await dapr["two"].InvokeAsync("two", "");
        await dapr["one"].StartSidecarAsync();
        using var again = await dapr["one"].InvokeAsync("two", "");

        Assert.Equal("\"v\"", await dapr["one"].StateAsync("k"));
        Assert.Equal("here", await again.Content.ReadAsStringAsync());
        await Assert.ThrowsAsync<InvalidOperationException>(() => dapr["one"].StartSidecarAsync());
    }
}
