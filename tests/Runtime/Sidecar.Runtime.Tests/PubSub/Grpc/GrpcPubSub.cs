using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>A whole sidecar with a test broker named <c>pubsub</c> (type <c>pubsub.test</c>) and a channel to its gRPC API.</summary>
internal sealed class GrpcPubSub : IAsyncDisposable
{
    private readonly TempFolder _folder;
    private readonly Queue<TestBroker> _more;

    private GrpcPubSub(TempFolder folder, TestSidecar sidecar, TestBroker broker, Queue<TestBroker> more)
    {
        (_folder, Sidecar, Broker, _more) = (folder, sidecar, broker, more);
        Channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{sidecar.Instance.GrpcPort}"));
    }

    public TestSidecar Sidecar { get; }

    public TestBroker Broker { get; }

    public GrpcChannel Channel { get; }

    public static async Task<GrpcPubSub> StartAsync(
        TestBroker? broker = null, Func<SidecarOptions, SidecarOptions>? change = null, Action<TempFolder>? resources = null, string metadata = "")
    {
        var folder = new TempFolder();
        var first = broker ?? new TestBroker();
        Queue<TestBroker> more = new();
        more.Enqueue(first);
        folder.Write("components/pubsub.yaml", Component(metadata: metadata));
        resources?.Invoke(folder);
        var catalog = new ComponentCatalog([.. ComponentCatalog.Default.Types, new ComponentType("pubsub.test", "v1", () => more.Dequeue())]);
        try
        {
            var sidecar = await TestSidecar.StartAsync(folder, options =>
            {
                options = options with { Catalog = catalog };
                return change?.Invoke(options) ?? options;
            });
            return new GrpcPubSub(folder, sidecar, first, more);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>With an app that speaks gRPC, once its subscriptions run.</summary>
    public static async Task<GrpcPubSub> StartAsync(GrpcEventApp app, TestBroker? broker = null, Func<SidecarOptions, SidecarOptions>? change = null, Action<TempFolder>? resources = null)
    {
        var pubsub = await StartAsync(
            broker,
            options =>
            {
                options = options with { AppPort = app.Port, AppProtocol = "grpc" };
                return change?.Invoke(options) ?? options;
            },
            resources);
        await pubsub.Sidecar.Instance.Healthy.WithinAsync("the app to be ready");
        return pubsub;
    }

    public static string Component(string name = "pubsub", string type = "pubsub.test", string metadata = "") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n  metadata: [{metadata}]\n";

    public static string Subscription(string topic, string route, string rest = "") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata:\n  name: {topic}\nspec:\n  pubsubname: pubsub\n  topic: {topic}\n  route: {route}\n{rest}";

    public static byte[] Event(string id, string rest = "") =>
        Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","source":"there","type":"order","specversion":"1.0","datacontenttype":"application/json","data":{"n":1}{{rest}}}""");

    public Task<TopicStreamClient> OpenAsync(string topic, string? deadLetterTopic = null, params (string Name, string Value)[] metadata) =>
        TopicStreamClient.OpenAsync(Channel, topic, deadLetterTopic: deadLetterTopic, metadata: metadata);

    public async Task PublishAsync(string topic, object data, string pubsub = "pubsub")
    {
        using var response = await Sidecar.Client.PostAsJsonAsync($"/v1.0/publish/{pubsub}/{topic}", data);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>The subscriptions that metadata lists, each by type, topic and path of its last rule.</summary>
    public async Task<List<string>> ListedAsync()
    {
        var listed = (await Sidecar.MetadataAsync())["subscriptions"]?.AsArray() ?? [];
        return [.. listed.Select(subscription => $"{subscription!["type"]} {subscription["topic"]} {subscription["rules"]?.AsArray().LastOrDefault()?["path"]}")];
    }

    /// <summary>A file of the sidecar's resources changes, in one step, so that no reload finds half of it; null = goes.</summary>
    public void Rewrite(string file, string? text, TestBroker? next = null)
    {
        if (next is not null)
            _more.Enqueue(next);
        if (text is null)
            File.Delete(_folder.File(file));
        else
            File.Move(_folder.Write("next.yaml", text), _folder.File(file), overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Sidecar.DisposeAsync();
        _folder.Dispose();
    }
}
