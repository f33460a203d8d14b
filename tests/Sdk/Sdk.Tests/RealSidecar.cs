using Dapr.Client;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sdk.Tests;

/// <summary>A sidecar of this repository with an app, shared by the tests of a class; each uses keys and topics of its own.</summary>
public sealed class RealSidecar : IAsyncLifetime
{
    public const string Store = "store";
    public const string EncryptedStore = "sealed";
    public const string PubSub = "pubsub";
    public const string Vault = "vault";

    private readonly TempFolder _folder = new();
    private readonly SidecarGroup _group = new();

    public DaprClient Client { get; private set; } = null!;

    public string Endpoint { get; private set; } = "";

    /// <summary>Subscribed to the topics <c>orders</c> and <c>raw</c>.</summary>
    public TestApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        App = await TestApp.StartAsync(app => app
            .On("/dapr/subscribe", 200, """[{"pubsubname":"pubsub","topic":"orders","route":"/orders"},{"pubsubname":"pubsub","topic":"raw","route":"/raw"}]""")
            .On("/orders", 200)
            .On("/raw", 200));
        _folder.Write("secrets.json", """{"key":"000102030405060708090a0b0c0d0e0f","Db__Password":"s3cret","Smtp--User":"mail"}""");
        WriteComponent(Vault, "secretstores.local.file", "- name: secretsFile\n    value: ./secrets.json");
        WriteComponent(Store, "state.in-memory");
        WriteComponent(PubSub, "pubsub.in-memory");
        WriteComponent(EncryptedStore, "state.in-memory", "- name: primaryEncryptionKey\n    secretKeyRef:\n      name: key\n      key: key", $"auth:\n  secretStore: {Vault}\n");

        var sidecar = await _group.StartAsync(new SidecarOptions
        {
            AppId = "sdk",
            AppPort = App.Port,
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

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await _group.DisposeAsync();
        await App.DisposeAsync();
        _folder.Dispose();
    }

    private void WriteComponent(string name, string type, string metadata = "", string rest = "") => _folder.Write(
        $"components/{name}.yaml",
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n{(metadata.Length == 0 ? "" : "  metadata:\n  ")}{metadata}\n{rest}");
}
