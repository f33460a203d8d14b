using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Shop.Inventory;
using Shop.Notifications;
using Shop.Orders;
using Shop.Payments;
using TestSupport;
using YamlDotNet.Serialization;

namespace Services.Tests.Defaults;

/// <summary>What config/, components/ and dapr.yaml say has to agree with what the services do.</summary>
public sealed class ConfigurationFilesTests
{
    [Fact]
    public void DeclaredSubscriptions_AreExactlyTheEventsThatEachServiceHandles()
    {
        var declared = Documents(RepositoryRoot.Combine("config", "subscriptions.yaml")).SelectMany(document =>
        {
            var spec = Map(document["spec"]);
            Assert.Equal("pubsub", spec["pubsubname"]);
            return
                from rule in List(Map(spec["routes"])["rules"]).Select(Map)
                from app in List(document["scopes"])
                select $"{app} {spec["topic"]} {rule["match"]} {rule["path"]}";
        });

        Assert.Equal(
            Handled("orders", app => app.MapOrders())
                .Concat(Handled("inventory", app => app.MapInventory()))
                .Concat(Handled("payments", app => app.MapPayments()))
                .Order(StringComparer.Ordinal),
            declared.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Notifications_SubscribesInCodeToEverythingThatItHandles()
    {
        var endpoints = Endpoints(app => app.MapNotifications()).ToList();
        Assert.NotEmpty(endpoints);
        Assert.All(endpoints, endpoint =>
        {
            var topic = Assert.Single(endpoint.Metadata.GetOrderedMetadata<ITopicMetadata>());
            Assert.Equal(("pubsub", "orders"), (topic.PubsubName, topic.Name));
            Assert.Equal($"/events/{topic.Match!.Split('"')[1]}", endpoint.RoutePattern.RawText);
        });
    }

    [Fact]
    public void EveryComponentSet_HasTheSameComponents()
    {
        var sets = Directory.GetDirectories(RepositoryRoot.Combine("components")).Select(set => (
            Set: Path.GetFileName(set),
            Components: string.Join(' ', Directory.GetFiles(set, "*.yaml").SelectMany(Documents)
                .Select(component => $"{Map(component["metadata"])["name"]}{(component.ContainsKey("scopes") ? "*" : "")}").Order(StringComparer.Ordinal)))).ToList();

        Assert.Contains(sets, set => set.Set == "embedded");
        Assert.Contains(sets, set => set.Set == "redis");
        Assert.All(sets, set => Assert.Equal("orderstore* pubsub secretstore statestore", set.Components));
    }

    /// <summary>SQLite hides what has expired, and deletes it only when asked to; Orders keeps its idempotency keys for a day.</summary>
    [Fact]
    public void EmbeddedStateStore_DeletesWhatHasExpired()
    {
        var store = Assert.Single(Documents(RepositoryRoot.Combine("components", "embedded", "statestore.yaml")));
        Assert.Contains(List(Map(store["spec"])["metadata"]).Select(Map), field => Equals(field["name"], "cleanupInterval"));
    }

    [Fact]
    public void RunTemplate_StartsEveryServiceFromWhereItIsBuilt()
    {
        var template = Assert.Single(Documents(RepositoryRoot.Combine("dapr.yaml")));
        var apps = List(template["apps"]).Select(Map).ToList();
        Assert.Equal(["gateway", "inventory", "notifications", "orders", "orders-grpc", "payments"], apps.Select(app => (string)app["appID"]).Order(StringComparer.Ordinal));
        Assert.All(apps.Where(app => app.ContainsKey("command")), app =>
        {
            var project = char.ToUpperInvariant(((string)app["appID"])[0]) + ((string)app["appID"])[1..];
            Assert.Equal(["dotnet", $"artifacts/bin/{project}/release/{project}.dll"], List(app["command"]));
            Assert.True(File.Exists(RepositoryRoot.Combine("src", "Services", project, $"{project}.csproj")), project);
        });
        var overGrpc = Assert.Single(apps, app => !app.ContainsKey("command"));
        Assert.Equal(("orders-grpc", "grpc"), ((string)overGrpc["appID"], (string)overGrpc["appProtocol"]));
        Assert.Equal(overGrpc["appPort"], Map(apps.Single(app => (string)app["appID"] == "orders")["env"])["ORDERS_GRPC_PORT"]);
        Assert.Equal("8080", apps.Single(app => (string)app["appID"] == "gateway")["appPort"]);
        Assert.Equal(apps.Count, apps.Select(app => app["appPort"]).Distinct().Count());
    }

    private static IEnumerable<string> Handled(string app, Action<WebApplication> map) =>
        from endpoint in Endpoints(map)
        let type = endpoint.RoutePattern.RawText!["/events/".Length..]
        let topic = type.Split('.')[0] switch { "order" => "orders", "payment" => "payments", var stock => stock }
        select $"{app} {topic} event.type == \"{type}\" {endpoint.RoutePattern.RawText}";

    private static IEnumerable<RouteEndpoint> Endpoints(Action<WebApplication> map)
    {
        // Routes are only looked at; what their handlers take has to be known as services and is never made.
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton<DaprClient>(_ => throw new NotSupportedException()).AddSingleton<OrderPlacement>().AddSingleton<OrderIntake>().AddSingleton<PriceList>().AddSingleton<Catalog>();
        var app = builder.Build();
        map(app);
        return ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.StartsWith("/events/", StringComparison.Ordinal));
    }

    private static IEnumerable<Dictionary<object, object>> Documents(string file)
    {
        var yaml = new DeserializerBuilder().Build();
        foreach (var document in File.ReadAllText(file).Split("\n---\n"))
            yield return yaml.Deserialize<Dictionary<object, object>>(document);
    }

    private static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;

    private static List<object> List(object value) => (List<object>)value;
}
