using System.Collections.Concurrent;
using System.Threading.Channels;
using Dapr.AspNetCore;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sdk.Tests.Fakes;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sdk.Tests;

/// <summary>A sidecar of this repository with an app that uses the SDK, shared by the tests of a class; each uses keys and topics of its own.</summary>
public sealed class RealSidecar : IAsyncLifetime
{
    public const string Store = "store";
    public const string EncryptedStore = "sealed";
    public const string PubSub = "pubsub";
    public const string Vault = "vault";
    public const string Files = "files";

    private readonly TempFolder _folder = new();
    private readonly SidecarGroup _group = new();
    private readonly ConcurrentDictionary<string, Channel<string>> _received = new();
    private FakeApp _app = null!;

    public DaprClient Client { get; private set; } = null!;

    public string Endpoint { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        _app = await FakeApp.StartAsync(app =>
        {
            app.MapSubscribeHandler();
            app.MapPost("/orders", context => ReceiveAsync("orders", context)).WithTopic(PubSub, "orders");
            app.MapPost("/raw", context => ReceiveAsync("raw", context)).WithTopic(PubSub, "raw");
            app.MapPost("/many", (BulkSubscribeMessage<BulkMessageModel<string>> message) => Receive(message))
                .WithTopic(PubSub, "many").WithBulkSubscribe(new BulkSubscribeTopicOptions { TopicName = "many", MaxAwaitDurationMs = 50 });
        });
        _folder.Write("secrets.json", """{"key":"000102030405060708090a0b0c0d0e0f","Db__Password":"s3cret","Smtp--User":"mail"}""");
        WriteComponent(Vault, "secretstores.local.file", "- name: secretsFile\n    value: ./secrets.json");
        WriteComponent(Store, "state.in-memory");
        WriteComponent(PubSub, "pubsub.in-memory");
        WriteComponent(Files, "bindings.localstorage", "- name: rootPath\n    value: ./files");
        WriteComponent(EncryptedStore, "state.in-memory", "- name: primaryEncryptionKey\n    secretKeyRef:\n      name: key\n      key: key", $"auth:\n  secretStore: {Vault}\n");

        var sidecar = await _group.StartAsync(new SidecarOptions
        {
            AppId = "sdk",
            AppPort = _app.Client.BaseAddress!.Port,
            HttpPort = FreePorts.Next(),
            GrpcPort = FreePorts.Next(),
            ResourcesPaths = [_folder.File("components")],
            BaseDirectory = _folder.Path,
            Environment = new Dictionary<string, string>(),
            LogLine = _ => { },
        });
        Endpoint = $"http://127.0.0.1:{sidecar.HttpPort}";
        Client = new DaprClientBuilder().UseHttpEndpoint(Endpoint).Build();
        await sidecar.Healthy.WithinAsync("the sidecar's health");
    }

    /// <summary>The next body that the app received of a topic; of <c>many</c>, the data of the next event.</summary>
    public Task<string> NextAsync(string topic) => Received(topic).Reader.ReadAsync().AsTask().WithinAsync($"an event of topic {topic} at the app");

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _group.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    private Channel<string> Received(string topic) => _received.GetOrAdd(topic, _ => Channel.CreateUnbounded<string>());

    private async Task ReceiveAsync(string topic, HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        await Received(topic).Writer.WriteAsync(await reader.ReadToEndAsync());
    }

    private BulkSubscribeAppResponse Receive(BulkSubscribeMessage<BulkMessageModel<string>> message)
    {
        foreach (var entry in message.Entries)
            Received("many").Writer.TryWrite(entry.Event.Data);
        return new BulkSubscribeAppResponse([.. message.Entries.Select(entry => new BulkSubscribeAppResponseEntry(entry.EntryId, BulkSubscribeAppResponseStatus.SUCCESS))]);
    }

    private void WriteComponent(string name, string type, string metadata = "", string rest = "") => _folder.Write(
        $"components/{name}.yaml",
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n{(metadata.Length == 0 ? "" : "  metadata:\n  ")}{metadata}\n{rest}");
}
