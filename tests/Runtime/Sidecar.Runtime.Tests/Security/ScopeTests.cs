using System.Text;
using Google.Protobuf;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary>Every scope at every front: what is not this app's is refused, or is not there, whichever way it is asked for.</summary>
public sealed class ScopeTests : IAsyncLifetime
{
    private const string Batch = """[{"entryId":"1","event":"a","contentType":"text/plain"}]""";

    private readonly TempFolder _folder = new();
    private TestApp _app = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _folder.Write("secrets.json", """{"mine":"a","theirs":"b"}""");
        Component("vault", "secretstores.local.file", "{ name: secretsFile, value: secrets.json }");
        Component("topics", "pubsub.in-memory", """{ name: allowedTopics, value: "orders,stock" }, { name: protectedTopics, value: "stock" }, { name: publishingScopes, value: "me=orders;other=stock" }, { name: subscriptionScopes, value: "me=orders;other=stock" }""");
        Component("foreign-store", "state.in-memory", "", "other");
        Component("foreign-topics", "pubsub.in-memory", "", "other");
        Component("foreign-vault", "secretstores.local.file", "{ name: secretsFile, value: secrets.json }", "other");
        Component("foreign-binding", "bindings.http", "{ name: url, value: 'http://127.0.0.1:1' }", "other");
        Subscription("declared", "stock", scopes: "");
        Subscription("others", "orders", scopes: "scopes: [ other ]");
        _folder.Write("config.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { secrets: { scopes: [ { storeName: vault, defaultAccess: deny, allowedSecrets: [ mine ] } ] } }");
        _app = await TestApp.StartAsync(app => app.On("/dapr/subscribe", 200, """[{"pubsubname":"topics","topic":"elsewhere","route":"/asked"}]"""));
        _sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = _app.Port });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("orders", true)]
    [InlineData("stock", false)]
    [InlineData("elsewhere", false)]
    public async Task Topics_are_published_to_by_those_who_may(string topic, bool isAllowed)
    {
        var (http, grpc) = isAllowed ? (204, StatusCode.OK) : (403, StatusCode.PermissionDenied);

        Assert.Equal(http, await PostAsync($"/v1.0/publish/topics/{topic}", "1"));
        Assert.Equal(http, await PostAsync($"/v1.0/publish/bulk/topics/{topic}", Batch));
        Assert.Equal(http, await PostAsync($"/v1.0-alpha1/publish/bulk/topics/{topic}", Batch));
        Assert.Equal(grpc, await CallAsync(DaprMethods.Publish, new PublishEventRequest { PubsubName = "topics", Topic = topic, Data = ByteString.CopyFromUtf8("1") }));
        var batch = new BulkPublishRequest { PubsubName = "topics", Topic = topic, Entries = { new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("a"), ContentType = "text/plain" } } };
        Assert.Equal(grpc, await CallAsync(DaprMethods.BulkPublish, batch));
        Assert.Equal(grpc, await CallAsync(DaprMethods.BulkPublishAlpha1, batch));
    }

    [Fact]
    public async Task Topics_are_subscribed_to_by_those_who_may()
    {
        // Declared in a file, and asked for by the app.
        await _sidecar.LineAsync("Not subscribed to topic stock in pubsub topics");
        await _sidecar.LineAsync("Not subscribed to topic elsewhere in pubsub topics");
        Assert.DoesNotContain(_sidecar.Log, line => line.Contains("Subscribed to topic", StringComparison.Ordinal));

        // By a stream.
        await using var stream = TopicStreamClient.OpenSilently(_sidecar.Channel);
        await stream.SendAsync(TopicStreamClient.Initial("topics", "stock"));
        Assert.Equal(StatusCode.PermissionDenied, (await stream.EndAsync()).Code);
    }

    [Fact]
    public async Task Secrets_are_read_by_those_who_may()
    {
        Assert.Equal((200, """{"mine":"a"}"""), await _sidecar.GetAsync("/v1.0/secrets/vault/mine"));
        Assert.Equal(403, (await _sidecar.GetAsync("/v1.0/secrets/vault/theirs")).Status);
        Assert.Equal((200, """{"mine":{"mine":"a"}}"""), await _sidecar.GetAsync("/v1.0/secrets/vault/bulk"));
        Assert.Equal(StatusCode.OK, await CallAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "vault", Key = "mine" }));
        Assert.Equal(StatusCode.PermissionDenied, await CallAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "vault", Key = "theirs" }));
        Assert.Equal(["mine"], (await _sidecar.Channel.UnaryAsync(DaprMethods.GetBulkSecret, new GetBulkSecretRequest { StoreName = "vault" })).Data.Keys);
    }

    [Fact]
    public async Task Components_of_others_are_not_there()
    {
        Assert.Equal(["topics", "vault"], (await _sidecar.MetadataAsync())["components"]!.AsArray().Select(component => (string?)component!["name"]).Order());
        Assert.DoesNotContain((await _sidecar.GetAsync("/v1.0/state/foreign-store/k")).Status, (int[])[200, 204]);
        Assert.NotEqual(204, await PostAsync("/v1.0/state/foreign-store", """[{"key":"k","value":1}]"""));
        Assert.NotEqual(204, await PostAsync("/v1.0/state/foreign-store/transaction", """{"operations":[{"operation":"upsert","request":{"key":"k","value":1}}]}"""));
        Assert.Equal(404, await PostAsync("/v1.0/publish/foreign-topics/orders", "1"));
        Assert.Equal(401, (await _sidecar.GetAsync("/v1.0/secrets/foreign-vault/mine")).Status);
        Assert.NotEqual(200, await PostAsync("/v1.0/bindings/foreign-binding", """{"operation":"get"}"""));

        Assert.NotEqual(StatusCode.OK, await CallAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "foreign-store", Key = "k" }));
        Assert.NotEqual(StatusCode.OK, await CallAsync(DaprMethods.SaveState, new SaveStateRequest { StoreName = "foreign-store", States = { new StateItem { Key = "k", Value = ByteString.CopyFromUtf8("1") } } }));
        Assert.NotEqual(StatusCode.OK, await CallAsync(DaprMethods.Publish, new PublishEventRequest { PubsubName = "foreign-topics", Topic = "orders" }));
        Assert.NotEqual(StatusCode.OK, await CallAsync(DaprMethods.GetSecret, new GetSecretRequest { StoreName = "foreign-vault", Key = "mine" }));
        Assert.NotEqual(StatusCode.OK, await CallAsync(DaprMethods.GetBulkSecret, new GetBulkSecretRequest { StoreName = "foreign-vault" }));
    }

    private void Component(string name, string type, string metadata, string? scope = null) => _folder.Write($"components/{name}.yaml", $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: {{name}} }
        spec: { type: {{type}}, version: v1, metadata: [ {{metadata}} ] }
        {{(scope is null ? "" : $"scopes: [ {scope} ]")}}
        """);

    private void Subscription(string name, string topic, string scopes) => _folder.Write($"components/{name}.yaml", $$"""
        apiVersion: dapr.io/v2alpha1
        kind: Subscription
        metadata: { name: {{name}} }
        spec: { pubsubname: topics, topic: {{topic}}, routes: { default: /{{name}} } }
        {{scopes}}
        """);

    private async Task<int> PostAsync(string path, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _sidecar.Client.PostAsync(new Uri(path, UriKind.Relative), content);
        return (int)response.StatusCode;
    }

    private async Task<StatusCode> CallAsync<TRequest, TResponse>(GrpcMethod<TRequest, TResponse> method, TRequest request) => (await _sidecar.Channel.StatusAsync(method, request)).Code;
}
