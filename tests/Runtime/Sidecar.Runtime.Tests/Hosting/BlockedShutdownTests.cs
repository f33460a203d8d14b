using System.Text;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary><c>--dapr-block-shutdown-duration</c> (behaviour 167).</summary>
public sealed class BlockedShutdownTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(167)]
    public async Task Deliveries_end_at_once_and_the_api_serves_until_the_time_is_over()
    {
        var drivers = new TestDrivers(_folder);
        var broker = drivers.AddBroker("pubsub");
        _folder.Write("components/subscription.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata:\n  name: t\nspec:\n  pubsubname: pubsub\n  topic: t\n  route: /event\n");
        await using var app = await TestApp.StartAsync(app => app.On("/event", 200).On("/x", 200, "still"));
        await using var sidecar = await StartAsync(app, TimeSpan.FromMinutes(1), drivers: drivers);
        await PublishAsync(sidecar);
        await app.NextAsync("/event");

        var stopping = sidecar.Instance.StopAsync();
        await sidecar.LineAsync("Blocking graceful shutdown");
        await Eventually.TrueAsync(() => _clock.ArmedTimers > 0, "the wait for the end of the block");
        await Eventually.TrueAsync(() => !broker.SubscribedTopics.Any(), "the end of the subscription");

        await PublishAsync(sidecar);
        Assert.Equal((200, "still"), await sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.False(stopping.IsCompleted);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await stopping.WithinAsync("the stop");

        Assert.Equal(0, await sidecar.Instance.Stopped);
        Assert.Single(app.Seen, request => request.Path == "/event");
    }

    [Fact]
    [Contract(167)]
    public async Task An_app_that_turns_unhealthy_ends_it()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 200));
        await using var sidecar = await StartAsync(app, TimeSpan.FromDays(1), new AppHealthOptions { Threshold = 1 });

        var stopping = sidecar.Instance.StopAsync();
        await sidecar.LineAsync("Blocking graceful shutdown");
        Assert.False(stopping.IsCompleted);
        app.On("/healthz", 503);
        await Eventually.TrueAsync(
            () =>
            {
                _clock.Advance(TimeSpan.FromSeconds(5));
                return sidecar.Log.Any(line => line.Contains("App reported unhealthy", StringComparison.Ordinal));
            },
            "the end of the block");

        await stopping.WithinAsync("the stop");
        Assert.Equal(0, await sidecar.Instance.Stopped);
    }

    [Fact]
    public async Task A_shutdown_by_the_api_is_not_held_up_and_ends_a_block_of_others()
    {
        await using var sidecar = await StartAsync(null, TimeSpan.FromDays(1));
        var stopping = sidecar.Instance.StopAsync();
        await sidecar.LineAsync("Blocking graceful shutdown");

        using var answer = await sidecar.Client.PostAsync(new Uri("/v1.0/shutdown", UriKind.Relative), null);

        await stopping.WithinAsync("the stop");
        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal(0, await sidecar.Instance.Stopped);
    }

    [Fact]
    public async Task Who_needs_the_sidecar_no_more_is_not_held_up()
    {
        var sidecar = await StartAsync(null, TimeSpan.FromDays(1));

        await sidecar.DisposeAsync().AsTask().WithinAsync("the stop");

        Assert.Equal(0, await sidecar.Instance.Stopped);
        Assert.DoesNotContain(sidecar.Log, line => line.Contains("Blocking graceful shutdown", StringComparison.Ordinal));
    }

    private async Task<TestSidecar> StartAsync(TestApp? app, TimeSpan block, AppHealthOptions? health = null, TestDrivers? drivers = null)
    {
        var sidecar = await (drivers ?? new TestDrivers(_folder)).StartAsync(
            options => options with { AppPort = app?.Port ?? 0, AppHealth = health, BlockShutdown = block, Time = _clock, GracefulShutdown = TimeSpan.FromHours(1) });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }

    private static async Task PublishAsync(TestSidecar sidecar)
    {
        using var answer = await sidecar.Client.PostAsync(new Uri("/v1.0/publish/pubsub/t", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"));
        Assert.Equal(204, (int)answer.StatusCode);
    }
}
