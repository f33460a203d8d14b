using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Metadata;

/// <summary>The metadata API over gRPC tells what HTTP tells.</summary>
public sealed class MetadataGrpcTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(116, 170)]
    public async Task Everything_is_told_in_its_field()
    {
        _folder.Write("components/resources.yaml", """
            apiVersion: dapr.io/v1alpha1
            kind: HTTPEndpoint
            metadata: { name: world }
            spec: { baseUrl: "http://example.com" }
            ---
            apiVersion: dapr.io/v2alpha1
            kind: Subscription
            metadata: { name: orders }
            spec:
              pubsubname: pubsub
              topic: orders
              deadLetterTopic: dead
              metadata: { a: b }
              routes: { rules: [{ match: 'event.type == "x"', path: /x }], default: /all }
            """);
        _folder.Write("components/resiliency.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata:\n  name: tough\nspec: {}\n");
        await using var app = await TestApp.StartAsync(app => app.On("/healthy", 200));
        var drivers = new TestDrivers(_folder);
        drivers.AddBroker("pubsub");
        drivers.AddStore("store");
        await using var sidecar = await drivers.StartAsync(options => options with
        {
            AppPort = app.Port, AppMaxConcurrency = 7, AppHealth = new AppHealthOptions { Path = "/healthy", Interval = TimeSpan.FromSeconds(5), Timeout = TimeSpan.FromMilliseconds(500), Threshold = 3 },
            ExtendedMetadata = new Dictionary<string, string> { ["cliPID"] = "1" },
        });
        await sidecar.Instance.Healthy.WithinAsync("health");
        await sidecar.Channel.UnaryAsync(DaprMethods.SetMetadata, new SetMetadataRequest { Key = "color", Value = "blue" });

        var told = await sidecar.Channel.UnaryAsync(DaprMethods.GetMetadata, new GetMetadataRequest());

        Assert.Equal(("me", told.ExtendedMetadata["daprRuntimeVersion"]), (told.Id, told.RuntimeVersion));
        Assert.Equal(("1", "blue"), (told.ExtendedMetadata["cliPID"], told.ExtendedMetadata["color"]));
        Assert.Equal(["HotReload"], told.EnabledFeatures);
        Assert.Equal([("pubsub", "pubsub.test-pubsub", "v1"), ("store", "state.test-store", "v1")], told.RegisteredComponents.Select(component => (component.Name, component.Type, component.Version)));
        Assert.Contains("ACTOR", told.RegisteredComponents[1].Capabilities);
        Assert.Equal(["world"], told.HttpEndpoints.Select(endpoint => endpoint.Name));
        Assert.Equal(["tough"], told.Resiliencies.Select(resiliency => resiliency.Name));
        var connection = told.AppConnectionProperties;
        Assert.Equal((app.Port, "http", "127.0.0.1", 7), (connection.Port, connection.Protocol, connection.ChannelAddress, connection.MaxConcurrency));
        Assert.Equal(("/healthy", "5s", "500ms", 3), (connection.Health.HealthCheckPath, connection.Health.HealthProbeInterval, connection.Health.HealthProbeTimeout, connection.Health.HealthThreshold));
        Assert.Equal((ActorRuntime.Types.ActorRuntimeStatus.Disabled, false, "placement: disconnected"), (told.ActorRuntime.RuntimeStatus, told.ActorRuntime.HostReady, told.ActorRuntime.Placement));
        var subscription = Assert.Single(told.Subscriptions);
        Assert.Equal(("pubsub", "orders", "dead", PubsubSubscriptionType.Declarative), (subscription.PubsubName, subscription.Topic, subscription.DeadLetterTopic, subscription.Type));
        Assert.Equal("b", subscription.Metadata["a"]);
        Assert.Equal([("event.type == \"x\"", "/x"), ("", "/all")], subscription.Rules.Rules.Select(rule => (rule.Match, rule.Path)));
        Assert.Equal("blue", (string?)(await sidecar.MetadataAsync())["extended"]!["color"]);
    }
}
