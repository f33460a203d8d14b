using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using Sidecar.Runtime.Tests.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.State;

/// <summary>What a state component's metadata asks of the runtime holds over gRPC too: encryption and the outbox.</summary>
public sealed class StateGrpcMetadataTests : IDisposable
{
    private const string InternalTopic = "meordersoutbox";

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(24)]
    public async Task Contract_024_bytes_are_encrypted_as_they_are()
    {
        byte[] value = [0, 255, 1, 34];
        _folder.Write("secrets.json", """{"key":"000102030405060708090a0b0c0d0e0f"}""");
        _folder.Write("components/vault.yaml", $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {"{"} name: vault {"}"}
            spec: {"{"} type: secretstores.local.file, version: v1, metadata: [{"{"} name: secretsFile, value: {_folder.File("secrets.json")} {"}"}] {"}"}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {"{"} name: safe {"}"}
            spec:
              type: state.in-memory
              version: v1
              metadata: [{"{"} name: primaryEncryptionKey, secretKeyRef: {"{"} name: key, key: key {"}"} {"}"}, {"{"} name: keyPrefix, value: none {"}"}]
            auth: {"{"} secretStore: vault {"}"}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {"{"} name: open {"}"}
            spec: {"{"} type: state.in-memory, version: v1, metadata: [{"{"} name: keyPrefix, value: none {"}"}] {"}"}
            """);
        await using var sidecar = await TestSidecar.StartAsync(_folder);

        await sidecar.Channel.SaveAsync("bytes", value, store: "safe");
        await sidecar.Channel.SaveAsync("json", Encoding.UTF8.GetBytes("\"value1\""), item => item.Metadata["contentType"] = "application/json", store: "safe");

        Assert.Equal(value, (await sidecar.Channel.GetAsync("bytes", "safe")).Data.ToByteArray());
        Assert.Equal(value, await sidecar.Client.GetByteArrayAsync(new Uri("/v1.0/state/safe/bytes", UriKind.Relative)));
        Assert.Equal("value1", (await sidecar.Channel.GetAsync("json", "safe")).Data.ToStringUtf8());
        var bulk = await sidecar.Channel.UnaryAsync(DaprMethods.GetBulkState, new GetBulkStateRequest { StoreName = "safe", Keys = { "bytes" } });
        Assert.Equal(value, bulk.Items.Single().Data.ToByteArray());
    }

    [Fact]
    [Contract(26, 27)]
    public async Task Contract_026_and_027_an_upsert_publishes_its_event_with_the_callers_trace()
    {
        const string traceId = "0af7651916cd43dd8448eb211c80319c";
        var drivers = new TestDrivers(_folder);
        var broker = drivers.AddBroker("pubsub");
        var store = drivers.AddStore("store", null, ("outboxPublishPubsub", "pubsub"), ("outboxPublishTopic", "orders"));
        await using var sidecar = await drivers.StartAsync();
        await sidecar.Instance.Healthy.WithinAsync("health");
        var request = new ExecuteStateTransactionRequest
        {
            StoreName = "store",
            Operations =
            {
                Upsert("plain", "2"u8.ToArray(), ("a.b", "x"), ("data", "ignored"), ("id", "ignored")),
                Upsert("json", "{\"a\": 1}"u8.ToArray(), ("contentType", "application/json")),
                Upsert("bytes", [104, 255, 105]),
                Upsert("projected", "1"u8.ToArray()),
                Upsert("projected", "other"u8.ToArray(), ("outbox.projection", "true")),
            },
        };

        var status = await sidecar.Channel.StatusAsync(DaprMethods.Transact, request, new CallOptions { Metadata = [new("traceparent", $"00-{traceId}-b7ad6b7169203331-01")] });

        Assert.Equal(StatusCode.OK, status.Code);
        var events = broker.Published.Where(message => message.Topic == InternalTopic).Select(message => JsonNode.Parse(message.Data.Span)!).ToArray();
        Assert.Equal(["\"2\"", "{\"a\":1}", "\"h\\uFFFDi\"", "\"other\""], events.Select(published => Text(published["data"]!)));
        Assert.All(events, published => Assert.StartsWith("outbox-", (string?)published["id"], StringComparison.Ordinal));
        Assert.All(events, published => Assert.Contains(traceId, (string?)published["traceparent"], StringComparison.Ordinal));
        Assert.Equal(("x", "application/json"), ((string?)events[0]["a.b"], (string?)events[1]["datacontenttype"]));
        Assert.Equal("1", store.Text("me||projected"));
    }

    private static string Text(JsonNode node) => node.ToJsonString(new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Default });

    private static TransactionalStateOperation Upsert(string key, byte[] value, params (string Name, string Value)[] metadata)
    {
        var item = new StateItem { Key = key, Value = ByteString.CopyFrom(value) };
        foreach (var (name, text) in metadata)
            item.Metadata[name] = text;
        return new TransactionalStateOperation { OperationType = "upsert", Request = item };
    }
}
