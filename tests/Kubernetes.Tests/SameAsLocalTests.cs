using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Kubernetes.Tests;

/// <summary>Dapr's resources in the cluster are those of a local run, apart from what a cluster has to have different.</summary>
public sealed class SameAsLocalTests
{
    /// <summary>Metadata that may differ from the local set of the same name: where servers are, and what makes RabbitMQ keep what it has.</summary>
    private static readonly Dictionary<string, string[]> MayDiffer = new()
    {
        ["state.redis"] = ["redisHost"],
        ["pubsub.redis"] = ["redisHost"],
        ["pubsub.kafka"] = ["brokers"],
        ["pubsub.rabbitmq"] =
            ["connectionString", "host", "protocol", "hostname", "username", "password", "durable", "deletedWhenUnused", "deliveryMode", "publisherConfirm", "prefetchCount", "requeueInFailure"],
    };

    /// <summary>Kubernetes keeps the secrets there, and the operator puts them into components.</summary>
    private const string LocalSecretStore = "secretstore";

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Components_are_those_of_the_local_set(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        var set = RepositoryRoot.Combine("components", name);
        if (!Directory.Exists(set))
            Missing.Skip($"components/{name} is not there yet");

        Assert.Equal(Yaml.Folder(set).Where(component => component.Name() != LocalSecretStore).Select(Told).Order(StringComparer.Ordinal), overlay.Kind("Component").Select(Told).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Subscriptions_resiliency_and_configuration_are_those_of_config(string name)
    {
        var overlay = await Overlay.RenderAsync(name);

        Assert.Equal(
            Yaml.Folder(RepositoryRoot.Combine("config")).Select(document => document.Sorted()).Order(StringComparer.Ordinal),
            overlay.All.Where(document => document.Text("apiVersion")!.StartsWith("dapr.io/", StringComparison.Ordinal) && document.Text("kind") != "Component")
                .Select(document => WithoutNamespaceAndLabels(document).Sorted()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Every_app_can_load_them_strictly(string name)
    {
        var overlay = await Overlay.RenderAsync(name);
        using var folder = new TempFolder();
        foreach (var document in overlay.All.Where(document => document.Text("apiVersion")!.StartsWith("dapr.io/", StringComparison.Ordinal)))
            folder.Write($"{document.Text("kind")}-{document.Name()}.yaml", document.ToJsonString());

        foreach (var id in overlay.Deployments.Select(deployment => deployment.Annotation("app-id")!))
        {
            var loaded = ResourceLoader.Load(new ResourceLoadOptions(id, "shop", [folder.Path], [folder.File("Configuration-shop.yaml")], new Dictionary<string, string>(), Strict: true));

            Assert.Empty(loaded.Problems);
            Assert.Contains("pubsub", loaded.Value!.Components.Select(component => component.Name));
            Assert.Equal(id == "orders", loaded.Value.Components.Any(component => component.Name == "orderstore"));
        }
    }

    [Theory]
    [MemberData(nameof(Overlay.Names), MemberType = typeof(Overlay))]
    public async Task Drivers_know_every_metadata_field(string name)
    {
        // Of every state store, whatever it is: the sidecar reads them itself.
        string[] common = ["keyPrefix", "outboxPublishPubsub", "outboxPublishTopic", "outboxPubsub", "outboxDiscardWhenMissingState"];
        var overlay = await Overlay.RenderAsync(name);
        foreach (var component in overlay.Kind("Component"))
        {
            var (type, version) = (component.Text("spec", "type")!, component.Text("spec", "version")!);
            if (ComponentCatalog.Default.Find(type, version) is not { } known)
            {
                Missing.Skip($"this build has no {type} yet");
                return;
            }

            var fields = known.Fields.SelectMany(field => field.Aliases.Prepend(field.Name)).Concat(common).ToHashSet(StringComparer.OrdinalIgnoreCase);
            Assert.Subset(fields, component.Objects("spec", "metadata").Select(item => item.Text("name")!).ToHashSet(StringComparer.OrdinalIgnoreCase));
        }
    }

    private static string Told(JsonObject component)
    {
        var type = component.Text("spec", "type")!;
        var metadata = component.Objects("spec", "metadata")
            .Where(item => !MayDiffer[type].Contains(item.Text("name"), StringComparer.OrdinalIgnoreCase))
            .Select(item => item.Sorted()).Order(StringComparer.Ordinal);
        return $"{component.Name()} {type}/{component.Text("spec", "version")} for [{string.Join(' ', component.Texts("scopes"))}] {string.Join(' ', metadata)}";
    }

    private static JsonObject WithoutNamespaceAndLabels(JsonObject document)
    {
        var copy = document.DeepClone().AsObject();
        copy["metadata"]!.AsObject().Remove("namespace");
        copy["metadata"]!.AsObject().Remove("labels");
        return copy;
    }
}
