using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Reflection.V1;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>What holds for every call of the gRPC API: where it is served, who may call, what is said of it.</summary>
public sealed class GrpcApiTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(159)]
    public async Task Contract_159_every_call_needs_the_token()
    {
        await using var sidecar = await StartAsync(options => options with { Environment = new Dictionary<string, string> { ["DAPR_API_TOKEN"] = "right" } });

        var missing = await TellAsync(sidecar);
        var wrong = await TellAsync(sidecar, new MetadataEntry("dapr-api-token", "wrong"));
        var right = await TellAsync(sidecar, new MetadataEntry("dapr-api-token", "right"));
        var unknown = await sidecar.Channel.StatusAsync(DaprMethods.Raw("X", "some.Service"), default);
        var unmapped = await sidecar.Channel.StatusAsync(DaprMethods.Raw("ConverseAlpha1"), default);

        Assert.Equal(StatusCode.OK, right.Code);
        foreach (var (status, reason) in new[] { (missing, "missing api token in request metadata"), (wrong, "authentication error: api token mismatch"), (unknown, "missing api token in request metadata"), (unmapped, "missing api token in request metadata") })
        {
            Assert.Equal((StatusCode.Unauthenticated, "Unauthorized"), (status.Code, status.Message));
            Assert.Equal(reason, status.Detail<ErrorInfo>()!.Metadata["http.error_message"]);
        }
    }

    [Fact]
    public async Task Methods_that_no_slice_has_are_unimplemented()
    {
        await using var sidecar = await StartAsync();
        var mapped = (string[])
        [
            "GetState", "GetBulkState", "SaveState", "DeleteState", "DeleteBulkState", "ExecuteStateTransaction", "QueryStateAlpha1", "PublishEvent", "BulkPublishEvent", "BulkPublishEventAlpha1",
            "GetSecret", "GetBulkSecret", "GetMetadata", "SetMetadata", "Shutdown",
        ];
        var service = DaprReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Dapr");

        foreach (var method in (string[])["ConverseAlpha2", "TryLockAlpha1", "StartWorkflowBeta1", "EncryptAlpha1"])
        {
            Assert.NotNull(service.FindMethodByName(method));
            var status = await sidecar.Channel.StatusAsync(DaprMethods.Raw(method), default);
            Assert.Equal((StatusCode.Unimplemented, "this API is currently not implemented"), (status.Code, status.Message));
        }

        foreach (var method in mapped.SkipLast(1))
            Assert.NotEqual(StatusCode.Unimplemented, (await sidecar.Channel.StatusAsync(DaprMethods.Raw(method), default)).Code);
        var unknown = await sidecar.Channel.StatusAsync(DaprMethods.Raw("MakeTea"), default);
        Assert.Equal((StatusCode.Unimplemented, "unknown method MakeTea for service dapr.proto.runtime.v1.Dapr"), (unknown.Code, unknown.Message));
    }

    [Fact]
    public async Task It_is_served_at_a_socket_file_in_place_of_the_port_and_the_file_goes_with_it()
    {
        var file = _folder.File("sockets/dapr-me-grpc.socket");
        await using (var sidecar = await StartAsync(options => options with { UnixDomainSocket = "sockets" }))
        {
            using var transport = new HttpMessageInvoker(Through(file));
            using var channel = new GrpcChannel(transport, new Uri("http://localhost"));

            Assert.Equal("me", (await channel.UnaryAsync(DaprMethods.GetMetadata, new GetMetadataRequest())).Id);
            Assert.Equal(StatusCode.Unavailable, (await TellAsync(sidecar)).Code);
            Assert.Contains(sidecar.Log, line => line.Contains($"gRPC API on {file}", StringComparison.Ordinal));
        }

        Assert.False(File.Exists(file));
    }

    [Fact]
    public async Task An_address_that_cannot_be_bound_is_left_out_and_the_others_serve()
    {
        // Of a documentation network: no machine has it.
        await using var sidecar = await StartAsync(options => options with { ListenAddresses = ["203.0.113.9", "127.0.0.1"] });

        Assert.Equal(StatusCode.OK, (await TellAsync(sidecar)).Code);
        Assert.Contains(sidecar.Log, line => line.Contains($"203.0.113.9:{sidecar.Instance.GrpcPort}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_port_in_use_is_named_with_its_flag()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;

        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => StartAsync(options => options with { GrpcPort = port }));

        Assert.Contains($"port {port}: it is in use by process {Environment.ProcessId}", failure.Message, StringComparison.Ordinal);
        Assert.Contains("--dapr-grpc-port", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_is_one_log_line_for_those_who_ask_for_it()
    {
        await using var sidecar = await StartAsync(options => options with { ApiLogging = true });

        await TellAsync(sidecar, new MetadataEntry("user-agent", "tests/1.0"));
        await sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest());

        var good = await sidecar.LineAsync("v1.Dapr/GetMetadata");
        var bad = await sidecar.LineAsync("v1.Dapr/GetState");
        Assert.Contains("level=info msg=\"gRPC API Called\"", good, StringComparison.Ordinal);
        Assert.Contains("scope=dapr.runtime.grpc.api-info", good, StringComparison.Ordinal);
        Assert.Matches(" code=0 duration=[0-9]+ .*method=/dapr.proto.runtime.v1.Dapr/GetMetadata .*useragent=tests/1.0", good);
        Assert.Contains(" code=9 ", bad, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_is_a_span_of_the_callers_trace_with_the_attributes_that_Dapr_gives()
    {
        const string traceId = "0af7651916cd43dd8448eb211c80319c";
        using var source = new ActivitySource("Sidecar.Runtime");
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener { ShouldListenTo = candidate => candidate == source, Sample = (ref _) => ActivitySamplingResult.AllData, ActivityStopped = spans.Enqueue };
        ActivitySource.AddActivityListener(listener);
        await using var sidecar = await StartAsync(options => options with { Spans = source });
        byte[] binary = [0, 0, .. Convert.FromHexString(traceId), 1, .. Convert.FromHexString("b7ad6b7169203331"), 2, 1];

        await sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "nowhere", Key = "k" }, new CallOptions { Metadata = [new("grpc-trace-bin", binary)] });
        await sidecar.Channel.StatusAsync(DaprMethods.Publish, new PublishEventRequest { PubsubName = "p", Topic = "orders" });
        await TellAsync(sidecar);
        await Eventually.TrueAsync(() => spans.Count == 3);

        var state = Assert.Single(spans, span => span.DisplayName == "/dapr.proto.runtime.v1.Dapr/GetState");
        Assert.Equal((traceId, "b7ad6b7169203331", ActivityKind.Client), (state.TraceId.ToString(), state.ParentSpanId.ToString(), state.Kind));
        Assert.Equal(("grpc", "/dapr.proto.runtime.v1.Dapr/GetState", "9", ActivityStatusCode.Error), (state.GetTagItem("dapr.protocol"), state.GetTagItem("dapr.api"), state.GetTagItem("dapr.status_code"), state.Status));
        Assert.Equal(("state", "nowhere", "/dapr.proto.runtime.v1.Dapr/GetState"), (state.GetTagItem("db.system"), state.GetTagItem("db.name"), state.GetTagItem("db.statement")));
        var publish = Assert.Single(spans, span => span.DisplayName == "/dapr.proto.runtime.v1.Dapr/PublishEvent");
        Assert.Equal(("pubsub", "orders"), (publish.GetTagItem("messaging.system"), publish.GetTagItem("messaging.destination")));
        var told = Assert.Single(spans, span => span.DisplayName == "/dapr.proto.runtime.v1.Dapr/GetMetadata");
        Assert.Equal(("0", ActivityStatusCode.Unset), (told.GetTagItem("dapr.status_code"), told.Status));
    }

    [Theory]
    [InlineData("grpc.reflection.v1.ServerReflection")]
    [InlineData("grpc.reflection.v1alpha.ServerReflection")]
    public async Task Reflection_tells_the_services_and_files_that_build_from_nothing_else(string service)
    {
        await using var sidecar = await StartAsync();
        await using var call = sidecar.Channel.OpenDuplex(GrpcMethod.Raw(service, "ServerReflectionInfo", GrpcMethodKind.Duplex));

        var services = await AskAsync(new ServerReflectionRequest { ListServices = "*" });
        var symbol = await AskAsync(new ServerReflectionRequest { Host = "h", FileContainingSymbol = "dapr.proto.runtime.v1.Dapr.GetState" });
        var nested = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = "dapr.proto.common.v1.StateOptions.StateConsistency" });
        var file = await AskAsync(new ServerReflectionRequest { FileByFilename = "dapr/proto/runtime/v1/state.proto" });
        var missing = await AskAsync(new ServerReflectionRequest { FileContainingSymbol = "no.such" });
        var extensions = await AskAsync(new ServerReflectionRequest { AllExtensionNumbersOfType = "dapr.proto.runtime.v1.GetStateRequest" });
        var extension = await AskAsync(new ServerReflectionRequest { FileContainingExtension = new ExtensionRequest { ContainingType = "x" } });
        var nothing = await AskAsync(new ServerReflectionRequest());

        Assert.Equal(
            ["dapr.proto.runtime.v1.Dapr", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"], services.ListServicesResponse.Service.Select(listed => listed.Name));
        Assert.Equal(("h", "dapr.proto.runtime.v1.Dapr.GetState"), (symbol.ValidHost, symbol.OriginalRequest.FileContainingSymbol));
        foreach (var (answer, name) in new[] { (symbol, "dapr/proto/runtime/v1/dapr.proto"), (nested, "dapr/proto/common/v1/common.proto"), (file, "dapr/proto/runtime/v1/state.proto") })
        {
            var files = answer.FileDescriptorResponse.FileDescriptorProto.Select(FileDescriptorProto.Parser.ParseFrom).ToArray();
            Assert.Equal(name, files[0].Name);
            var known = files.Select(told => told.Name).ToHashSet();
            Assert.Equal(files.Length, known.Count);
            Assert.All(files, told => Assert.Subset(known, told.Dependency.ToHashSet()));
        }

        Assert.Equal((int)StatusCode.NotFound, missing.ErrorResponse.ErrorCode);
        Assert.Equal("dapr.proto.runtime.v1.GetStateRequest", extensions.AllExtensionNumbersResponse.BaseTypeName);
        Assert.Equal((int)StatusCode.NotFound, extension.ErrorResponse.ErrorCode);
        Assert.Equal((int)StatusCode.InvalidArgument, nothing.ErrorResponse.ErrorCode);

        async Task<ServerReflectionResponse> AskAsync(ServerReflectionRequest request)
        {
            await call.WriteAsync(Google.Protobuf.MessageExtensions.ToByteArray(request));
            Assert.True(await call.ReadAsync(), call.Status?.ToString());
            return ServerReflectionResponse.Parser.ParseFrom(call.Current.Span);
        }
    }

    private static async Task<GrpcStatus> TellAsync(TestSidecar sidecar, params MetadataEntry[] metadata) =>
        await sidecar.Channel.StatusAsync(DaprMethods.GetMetadata, new GetMetadataRequest(), new CallOptions { Metadata = [.. metadata] });

    private Task<TestSidecar> StartAsync(Func<SidecarOptions, SidecarOptions>? change = null) => TestSidecar.StartAsync(_folder, change);

    private static SocketsHttpHandler Through(string file)
    {
        var handler = GrpcHandler.Create(TimeSpan.FromSeconds(10));
        handler.ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(file), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        };
        return handler;
    }
}
