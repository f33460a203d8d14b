using System.Net;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Grpc.Tests.Support;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Every method of the gRPC API, and some that it has not, with messages, frames and metadata that nobody should send: a status, always.</summary>
public sealed class GrpcFuzzTests : IAsyncLifetime
{
    private const long MostKept = 256 << 20;

    // An empty message is a right one there, and ends the sidecar.
    private static readonly string[] Methods =
    [
        .. DaprService.Described[0].Methods.Select(method => $"/{DaprService.Name}/{method.Name}").Where(path => !path.EndsWith("/Shutdown", StringComparison.Ordinal)),
        $"/{DaprService.Name}/MakeTea", $"/{DaprService.Name}/", "/some.Service/X", "/", "//", "/a/b/c", "/%2F/%20", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    ];

    private static readonly (string Method, IMessage Message)[] Good =
    [
        ("GetState", new GetStateRequest { StoreName = "store", Key = "k", Metadata = { ["a"] = "b" } }),
        ("GetBulkState", new GetBulkStateRequest { StoreName = "store", Keys = { "k", "l" }, Parallelism = 2 }),
        ("SaveState", new SaveStateRequest { StoreName = "store", States = { new StateItem { Key = "k", Value = ByteString.CopyFromUtf8("1"), Etag = new Etag { Value = "v1" }, Options = new StateOptions { Concurrency = StateOptions.Types.StateConcurrency.ConcurrencyFirstWrite }, Metadata = { ["ttlInSeconds"] = "3" } } } }),
        ("DeleteState", new DeleteStateRequest { StoreName = "store", Key = "k" }),
        ("DeleteBulkState", new DeleteBulkStateRequest { StoreName = "store", States = { new StateItem { Key = "k" } } }),
        ("ExecuteStateTransaction", new ExecuteStateTransactionRequest { StoreName = "store", Operations = { new TransactionalStateOperation { OperationType = "upsert", Request = new StateItem { Key = "k" } } }, Metadata = { ["a"] = "b" } }),
        ("QueryStateAlpha1", new QueryStateRequest { StoreName = "store", Query = "{}" }),
        ("PublishEvent", new PublishEventRequest { PubsubName = "pubsub", Topic = "orders", Data = ByteString.CopyFromUtf8("{}"), DataContentType = "application/json", Metadata = { ["rawPayload"] = "true" } }),
        ("BulkPublishEvent", new BulkPublishRequest { PubsubName = "pubsub", Topic = "orders", Entries = { new BulkPublishRequestEntry { EntryId = "1", Event = ByteString.CopyFromUtf8("x"), ContentType = "text/plain" } } }),
        ("GetSecret", new GetSecretRequest { StoreName = "vault", Key = "k" }),
        ("GetBulkSecret", new GetBulkSecretRequest { StoreName = "vault" }),
        ("InvokeBinding", new InvokeBindingRequest { Name = "none", Operation = "create", Data = ByteString.CopyFromUtf8("x") }),
        ("InvokeService", new InvokeServiceRequest { Id = "me", Message = new InvokeRequest { Method = "x", Data = new Any { Value = ByteString.CopyFromUtf8("x") }, ContentType = "text/plain", HttpExtension = new HTTPExtension { Verb = HTTPExtension.Types.Verb.Post, Querystring = "a=b" } } }),
        ("SetMetadata", new SetMetadataRequest { Key = "k", Value = "v" }),
        ("GetMetadata", new GetMetadataRequest()),
        ("SubscribeTopicEventsAlpha1", new SubscribeTopicEventsRequestAlpha1 { InitialRequest = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = "pubsub", Topic = "orders", DeadLetterTopic = "d", Metadata = { ["a"] = "b" } } }),
    ];

    private static readonly (string Key, string Value)[] Metadata =
    [
        ("x-a", "b"), ("dapr-app-id", "me"), ("dapr-app-id", "nobody"), ("dapr-app-id", ""), ("dapr-app-id", "http://"), ("grpc-encoding", "gzip"), ("grpc-encoding", "x"), ("grpc-encoding", "identity"), ("grpc-accept-encoding", "gzip,,"),
        ("traceparent", "00-zz"), ("grpc-trace-bin", "AA"), ("grpc-trace-bin", "!!"), ("x-bin", "=,="), ("metadata.ttlInSeconds", "x"), ("dapr-api-token", "x"), ("baggage", "=,;"), ("user-agent", "((("), ("content-encoding", "gzip"), ("x-long", new string('x', 1000)),
        ("dapr-stream", "true"), ("dapr-callee-app-id", "x"), ("grpc-status", "99"), ("grpc-message", "%zz"),
    ];

    private static readonly string[] ContentTypes = ["application/grpc", "application/grpc", "application/grpc", "application/grpc", "application/grpc", "application/grpc+proto", "application/grpc+json", "application/grpc-web", "text/plain", ""];

    private readonly TempFolder _folder = new();
    private TestApp _app = null!;
    private TestSidecar _sidecar = null!;

    public async ValueTask InitializeAsync()
    {
        _app = await TestApp.StartAsync(app => app.On("/x", 200, "x"));
        var drivers = new TestDrivers(_folder);
        drivers.AddStore("store");
        drivers.AddBroker("pubsub");
        drivers.AddSecrets("vault");
        _sidecar = await drivers.StartAsync(options => options with { AppPort = _app.Port, GracefulShutdown = TimeSpan.FromSeconds(1), MaxBodySize = 64 * 1024 });
        await _sidecar.Instance.Healthy.WithinAsync("health");
    }

    public async ValueTask DisposeAsync()
    {
        await _sidecar.DisposeAsync();
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_call_ends_in_a_status_and_the_sidecar_lives_on()
    {
        var address = new Uri($"http://127.0.0.1:{_sidecar.Instance.GrpcPort}");
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await Fuzz.CheckAsync(Calls(), async call =>
        {
            var reply = await RawCall.SendAsync(address, call.Path, call.Body, call.ContentType, headers: [("grpc-timeout", "50S"), .. call.Metadata]).WithinAsync("a status");
            using var response = reply.Response;
            Assert.True(
                reply.Http == HttpStatusCode.OK ? reply.Status is not null && System.Enum.IsDefined(reply.Code) : reply.Http is HttpStatusCode.UnsupportedMediaType or HttpStatusCode.NotFound or HttpStatusCode.RequestHeaderFieldsTooLarge,
                $"{reply.Http} {reply.Status} {reply.Message}");
            Assert.NotEqual(StatusCode.DeadlineExceeded, reply.Status is null ? StatusCode.OK : reply.Code);
        });

        Assert.Equal(StatusCode.OK, (await _sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" })).Code);
        Assert.DoesNotContain(_sidecar.Log, line => line.Contains("failed unexpectedly", StringComparison.Ordinal) || line.Contains("unhandled exception", StringComparison.OrdinalIgnoreCase));
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, MostKept);
    }

    [Theory]
    [InlineData(4_000_000)]
    [InlineData(65_000)]
    public async Task A_message_of_messages_within_each_other_is_refused_at_every_method(int length)
    {
        var address = new Uri($"http://127.0.0.1:{_sidecar.Instance.GrpcPort}");

        // Groups within groups, for which a reader needs no lengths.
        var nested = RawCall.Frame(Enumerable.Repeat((byte)0x0B, length).ToArray());
        foreach (var path in Methods)
        {
            var reply = await RawCall.SendAsync(address, path, nested, headers: ("grpc-timeout", "50S")).WithinAsync($"a status of {path}");
            Assert.NotEqual("0", reply.Status);
        }

        Assert.Equal(StatusCode.OK, (await _sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" })).Code);
    }

    private static Gen<(string Path, byte[] Body, string ContentType, (string, string)[] Metadata)> Calls()
    {
        var texts = Gen.Elements("store", "pubsub", "vault", "k", "orders", "me", "", "a||b", "{}", "é😀", "\0", "upsert", new string('x', 500)).Select(System.Text.Encoding.UTF8.GetBytes);
        var fields = RawFrames.Fields(Gen.Frequency((4, texts), (1, ArbMap.Default.GeneratorFor<byte[]>().Select(bytes => bytes ?? []))), 2);
        var large = Gen.Choose(60_000, 70_000).Select(length => new byte[length]);
        var call = Gen.Frequency(
            (5, from good in Gen.Elements(Good) from body in RawFrames.Of(Wounds.Of(Gen.Constant(good.Message.ToByteArray()), [0x0A, 0], [0x12, 0], [0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F])) select ($"/{DaprService.Name}/{good.Method}", body)),
            (1, from good in Gen.Elements(Good) from body in RawFrames.Of(Gen.Constant(good.Message.ToByteArray())) select ($"/{DaprService.Name}/{good.Method}", body)),
            (4, from path in Gen.Elements(Methods) from body in RawFrames.Of(Gen.Frequency((30, fields), (1, large))) select (path, body)));
        return from one in call
               from contentType in Gen.Elements(ContentTypes)
               from count in Gen.Choose(0, 2)
               from metadata in Gen.Elements(Metadata).ArrayOf(count)
               select (one.Item1, one.body, contentType, metadata);
    }
}
