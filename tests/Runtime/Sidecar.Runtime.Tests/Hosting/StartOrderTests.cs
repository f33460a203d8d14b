using System.Text;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>What happens when, as an app and its neighbours see it (contract 1.4).</summary>
public sealed class StartOrderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public StartOrderTests() =>
        _folder.Write("components/pubsub.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: pubsub\nspec:\n  type: pubsub.in-memory\n  version: v1\n");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [Contract(44)]
    [InlineData("config", "/dapr/config", "/dapr/subscribe")]
    [InlineData("Subscribe", "/dapr/subscribe", "/dapr/config")]
    public async Task A_question_that_is_switched_off_is_not_asked_and_the_other_is(string disabled, string notAsked, string asked)
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app, options => options with { DisabledInitEndpoints = [disabled] });

        Assert.DoesNotContain(app.Seen, request => request.Path == notAsked);
        Assert.Single(app.Seen, request => request.Path == asked);
    }

    [Fact]
    [Contract(44)]
    public async Task Without_the_question_for_subscriptions_nothing_is_delivered()
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app, options => options with { DisabledInitEndpoints = ["subscribe"] });

        using var published = await sidecar.Client.PostAsync(new Uri("/v1.0/publish/pubsub/t", UriKind.Relative), new StringContent("{}", Encoding.UTF8, "application/json"));

        Assert.Equal(204, (int)published.StatusCode);
        Assert.Null((await sidecar.MetadataAsync())["subscriptions"]);
        Assert.DoesNotContain(app.Seen, request => request.Path == "/event");
    }

    [Fact]
    public async Task Components_load_then_the_api_serves_then_the_app_is_awaited_and_asked_and_health_comes_last()
    {
        await using var app = TestApp.NotListening();
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = app.Port });
        await sidecar.LineAsync("waiting for the application");

        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz/outbound")).Status);
        Assert.Equal(500, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.Equal(500, (await sidecar.GetAsync("/v1.0/invoke/me/method/x")).Status);
        await app.StartListeningAsync();
        await sidecar.Instance.Healthy.WithinAsync("health");

        string[] milestones = ["Component loaded: pubsub", "HTTP API is served", "waiting for the application", "application discovered", "dapr initialized. Status: Running. Init Elapsed"];
        var lines = sidecar.Log.ToArray();
        var order = milestones.Select(milestone => Array.FindIndex(lines, line => line.Contains(milestone, StringComparison.Ordinal))).ToArray();
        Assert.Equal(order.Order(), order);
        Assert.DoesNotContain(-1, order);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.Equal(["/dapr/config", "/dapr/subscribe"], app.Seen.Select(request => request.Path));
    }

    private static Task<TestApp> AppAsync() => TestApp.StartAsync(app => app
        .On("/dapr/config", 200, "{}")
        .On("/dapr/subscribe", 200, """[{"pubsubname":"pubsub","topic":"t","route":"/event"}]""")
        .On("/event", 200));

    private async Task<TestSidecar> StartAsync(TestApp app, Func<SidecarOptions, SidecarOptions> change)
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => change(options with { AppPort = app.Port }));
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
