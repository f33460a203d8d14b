using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Rpc;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>The publish API over gRPC (contract 3.4).</summary>
public sealed class PublishGrpcTests : IAsyncLifetime
{
    private const string TraceId = "0af7651916cd43dd8448eb211c80319c";
    private const string TraceParent = $"00-{TraceId}-b7ad6b7169203331-01";

    private readonly TempFolder _folder = new();
    private readonly BulkTestBroker _bulk = new() { Refuses = message => message.Metadata.ContainsKey("refuse") ? new InvalidOperationException("no room") : null };
    private TestBroker _broker = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        var drivers = new TestDrivers(_folder);
        _broker = drivers.AddBroker("pubsub", new TestBroker { Refuses = message => message.Metadata.ContainsKey("refuse") ? new InvalidOperationException("no room") : null });
        drivers.AddBroker("bulk", _bulk);
        _sidecar = await drivers.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("", "hello", "text/plain", "\"hello\"")]
    [InlineData("application/json", """{"a":1.50}""", "application/json", """{"a":1.50}""")]
    [InlineData("foo/bar", "body", "foo/bar", "\"body\"")]
    [InlineData("text/plain", "", "text/plain", "\"\"")]
    [Contract(29, 30, 33)]
    public async Task Contract_029_and_030_the_content_type_decides_as_over_http(string contentType, string body, string told, string data)
    {
        var published = await PublishAsync(new PublishEventRequest { PubsubName = "pubsub", Topic = "a/b", Data = ByteString.CopyFromUtf8(body), DataContentType = contentType });

        Assert.Equal((told, "a/b", "pubsub", "me"), ((string?)published["datacontenttype"], (string?)published["topic"], (string?)published["pubsubname"], (string?)published["source"]));
        Assert.Equal(data, published["data"]!.ToJsonString());
    }

    [Fact]
    [Contract(31)]
    public async Task Contract_031_the_envelope_continues_the_trace_in_either_form()
    {
        var request = new PublishEventRequest { PubsubName = "pubsub", Topic = "t", Data = ByteString.CopyFrom([1, 255]), DataContentType = "application/octet-stream" };
        byte[] binary = [0, 0, .. Convert.FromHexString(TraceId), 1, .. Convert.FromHexString("b7ad6b7169203331"), 2, 1];

        var text = await PublishAsync(request, new MetadataEntry("traceparent", TraceParent), new MetadataEntry("tracestate", "a=b"));
        var bytes = await PublishAsync(request, new MetadataEntry("grpc-trace-bin", binary), new MetadataEntry("traceparent", "00-11111111111111111111111111111111-b7ad6b7169203331-01"));
        var broken = await PublishAsync(request, new MetadataEntry("grpc-trace-bin", [1, 2]), new MetadataEntry("traceparent", TraceParent));

        Assert.Equal("Af8=", (string?)text["data_base64"]);
        Assert.Equal((string?)text["traceid"], (string?)text["traceparent"]);
        Assert.Equal("a=b", (string?)text["tracestate"]);
        Assert.All([text, bytes, broken], published => Assert.StartsWith($"00-{TraceId}-", (string?)published["traceparent"], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_raw_message_has_its_bytes_and_the_trace_among_its_metadata()
    {
        var request = new PublishEventRequest { PubsubName = "pubsub", Topic = "t", Data = ByteString.CopyFrom([9, 255]), Metadata = { ["rawPayload"] = "true", ["mine"] = "1" } };

        var status = await _sidecar.Channel.StatusAsync(DaprMethods.Publish, request, new CallOptions { Metadata = [new("traceparent", TraceParent), new MetadataEntry("tracestate", "a=b")] });

        Assert.Equal(StatusCode.OK, status.Code);
        var message = Assert.Single(_broker.Published);
        Assert.Equal([9, 255], message.Data.ToArray());
        Assert.Equal(("1", "a=b"), (message.Metadata["mine"], message.Metadata["tracestate"]));
        Assert.StartsWith($"00-{TraceId}-", message.Metadata["traceid"], StringComparison.Ordinal);
    }

    [Fact]
    [Contract(32)]
    public async Task Contract_032_a_cloud_event_keeps_its_own_fields()
    {
        var published = await PublishAsync(new PublishEventRequest
        {
            PubsubName = "pubsub",
            Topic = "t",
            Data = ByteString.CopyFromUtf8("""{"id":"mine","source":"there","type":"x","data":1}"""),
            DataContentType = "application/cloudevents+json",
        });

        Assert.Equal(("mine", "there", "x", "t"), ((string?)published["id"], (string?)published["source"], (string?)published["type"], (string?)published["topic"]));
    }

    [Theory]
    [InlineData("pubsub")]
    [InlineData("bulk")]
    [Contract(38, 39)]
    public async Task Contract_038_and_039_a_batch_is_published_with_its_bytes_as_they_are(string pubsub)
    {
        var request = new BulkPublishRequest
        {
            PubsubName = pubsub,
            Topic = "t",
            Metadata = { ["of"] = "request" },
            Entries =
            {
                new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("not json"), ContentType = "application/json" },
                new BulkPublishRequestEntry { EntryId = "2", Event = ByteString.CopyFrom([1, 255]), ContentType = "application/octet-stream", Metadata = { ["own"] = "1" } },
                new BulkPublishRequestEntry { EntryId = "3", Event = ByteString.CopyFromUtf8("x"), ContentType = "image/odd" },
                new BulkPublishRequestEntry { EntryId = "4", Event = ByteString.CopyFromUtf8("y") },
            },
        };

        foreach (var method in (GrpcMethod<BulkPublishRequest, BulkPublishResponse>[])[DaprMethods.BulkPublish, DaprMethods.BulkPublishAlpha1])
        {
            var broker = pubsub == "bulk" ? _bulk : _broker;
            broker.Published.Clear();
            Assert.Empty((await _sidecar.Channel.UnaryAsync(method, request)).FailedEntries);

            var events = broker.Published.Select(message => JsonNode.Parse(message.Data.Span)!).ToArray();
            Assert.Equal(["not json", null, "x", "y"], events.Select(published => (string?)published["data"]));
            Assert.Equal("Af8=", (string?)events[1]["data_base64"]);
            Assert.Equal("text/plain", (string?)events[3]["datacontenttype"]);
            Assert.Equal([false, true, false, false], broker.Published.Select(message => message.Metadata.ContainsKey("of")));
        }
    }

    [Theory]
    [InlineData("pubsub")]
    [InlineData("bulk")]
    public async Task A_batch_with_a_failed_entry_is_an_error_and_the_others_are_published(string pubsub)
    {
        var request = new BulkPublishRequest
        {
            PubsubName = pubsub,
            Topic = "t",
            Entries =
            {
                new BulkPublishRequestEntry { EntryId = "1", Metadata = { ["refuse"] = "1" } },
                new BulkPublishRequestEntry { EntryId = "2", Event = ByteString.CopyFromUtf8("x") },
            },
        };

        var status = await _sidecar.Channel.StatusAsync(DaprMethods.BulkPublish, request);

        Assert.Equal((StatusCode.Internal, "DAPR_PUBSUB_PUBLISH_MESSAGE"), (status.Code, status.Detail<ErrorInfo>()?.Reason));
        Assert.Contains("no room", status.Message, StringComparison.Ordinal);
        Assert.Single((pubsub == "bulk" ? _bulk : _broker).Published);
    }

    private Task<JsonNode> PublishAsync(PublishEventRequest request, params ReadOnlySpan<MetadataEntry> metadata) =>
        PublishAsync(request, new CallOptions { Metadata = Sidecar.Grpc.Metadata.Create(metadata) });

    private async Task<JsonNode> PublishAsync(PublishEventRequest request, CallOptions options)
    {
        _broker.Published.Clear();
        var status = await _sidecar.Channel.StatusAsync(DaprMethods.Publish, request, options);
        Assert.True(status.IsOK, status.ToString());
        return JsonNode.Parse(Assert.Single(_broker.Published).Data.Span)!;
    }
}
