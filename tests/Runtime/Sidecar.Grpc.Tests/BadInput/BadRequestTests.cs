using System.Net;
using Google.Protobuf;
using Sidecar.Grpc.Tests.Protos;
using Sidecar.Grpc.Tests.Support;
using TestSupport;

namespace Sidecar.Grpc.Tests.BadInput;

/// <summary>Requests that no right client sends: the right answer, and no effect on the next one.</summary>
public sealed class BadRequestTests : IAsyncLifetime
{
    private const string Unary = "/sidecar.test.Echo/Unary";
    private static readonly byte[] Good = RawCall.Frame(new EchoRequest { Text = "good" }.ToByteArray());

    private readonly EchoService _service = new();
    private GrpcHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GrpcHost.StartAsync(_service.Map, options => options.MaxReceiveMessageSize = 1000);

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(_host.Escaped);

        // Whatever came before, the server is as good as new.
        var next = await RawCall.SendAsync(_host.Address, Unary, Good);
        Assert.Equal(StatusCode.OK, next.Code);
        await Eventually.TrueAsync(() => _host.Server.CallsUnderWay == 0);
        await _host.DisposeAsync();
    }

    [Theory]
    [InlineData("application/grpc", HttpStatusCode.OK)]
    [InlineData("application/grpc+proto", HttpStatusCode.OK)]
    [InlineData("Application/GRPC; charset=utf-8", HttpStatusCode.OK)]
    [InlineData("application/grpc+json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpc-web", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/grpcs", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("", HttpStatusCode.UnsupportedMediaType)]
    public async Task The_content_type_decides(string contentType, HttpStatusCode status)
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, Good, contentType);
        Assert.Equal(status, reply.Http);
        Assert.Equal(status == HttpStatusCode.OK ? "0" : null, reply.Status);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("PUT")]
    [InlineData("OPTIONS")]
    public async Task Only_post_is_a_call(string method)
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, Good, method: new HttpMethod(method));
        Assert.Equal(HttpStatusCode.MethodNotAllowed, reply.Http);
        Assert.Equal(["POST"], reply.Response.Content.Headers.Allow);
    }

    [Theory]
    [InlineData("/sidecar.test.Echo/Nothing", "unknown method Nothing for service sidecar.test.Echo")]
    [InlineData("/some.Service/Unary", "unknown service some.Service")]
    [InlineData("/", "'/' is no gRPC method: that is /service/method")]
    [InlineData("/a/b/c", "'/a/b/c' is no gRPC method: that is /service/method")]
    [InlineData("/sidecar.test.Echo/unary", "unknown method unary for service sidecar.test.Echo")]
    [InlineData("/sidecar.test.echo/Unary", "unknown service sidecar.test.echo")]
    [InlineData("/sidecar.test.Echo/Unary/", "'/sidecar.test.Echo/Unary/' is no gRPC method: that is /service/method")]
    public async Task What_nobody_mapped_is_unimplemented(string path, string message)
    {
        var reply = await RawCall.SendAsync(_host.Address, path, Good);
        Assert.Equal((HttpStatusCode.OK, StatusCode.Unimplemented), (reply.Http, reply.Code));
        Assert.Equal(message, PercentEncoding.Decode(reply.Message!));
        Assert.Equal("application/grpc", reply.Response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task What_is_no_call_and_nobody_mapped_is_not_found()
    {
        var reply = await RawCall.SendAsync(_host.Address, "/some.Service/Unary", Good, "application/json");
        Assert.Equal(HttpStatusCode.NotFound, reply.Http);
    }

    public static TheoryData<string, byte[], StatusCode> Bodies { get; } = new()
    {
        { "no message", [], StatusCode.Unimplemented },
        { "two messages", [.. Good, .. Good], StatusCode.Unimplemented },
        { "half a header", [0, 0, 0], StatusCode.Internal },
        { "half a message", Good[..^1], StatusCode.Internal },
        { "a message and half a header", [.. Good, 0], StatusCode.Internal },
        { "a flag that is none", RawCall.Frame([], flag: 7), StatusCode.Internal },
        { "compressed without an encoding", RawCall.Frame([1, 2, 3], flag: 1), StatusCode.Internal },
        { "no protobuf", RawCall.Frame([255, 255, 255, 255]), StatusCode.Internal },
        { "a length above the limit", RawCall.Frame([], length: 1001), StatusCode.ResourceExhausted },
        { "the largest length", RawCall.Frame([], length: uint.MaxValue), StatusCode.ResourceExhausted },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_body_that_is_wrong_has_a_code(string what, byte[] body, StatusCode code)
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, body);
        Assert.True(reply.Code == code, $"{what}: {reply.Code} {reply.Message}");
        Assert.Empty(reply.Body);
        Assert.Equal(HttpStatusCode.OK, reply.Http);
    }

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task A_stream_whose_bytes_are_wrong_has_a_code_too(string what, byte[] body, StatusCode code)
    {
        var reply = await RawCall.SendAsync(_host.Address, "/sidecar.test.Echo/Duplex", body);

        // None and two are as good as one there, and what came before the fault is answered.
        var expected = code == StatusCode.Unimplemented ? StatusCode.OK : code;
        Assert.True(reply.Code == expected, $"{what}: {reply.Code} {reply.Message}");
    }

    [Fact]
    public async Task An_encoding_that_is_not_known_is_unimplemented_and_the_known_ones_are_named()
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, RawCall.Frame([1], 1), headers: ("grpc-encoding", "zstd"));
        Assert.Equal(StatusCode.Unimplemented, reply.Code);
        Assert.Equal("identity,gzip", string.Join(',', reply.Response.Headers.GetValues("grpc-accept-encoding")));
    }

    [Fact]
    public async Task A_message_that_is_not_flagged_is_plain_under_any_encoding()
    {
        Assert.Equal(StatusCode.OK, (await RawCall.SendAsync(_host.Address, Unary, Good, headers: ("grpc-encoding", "gzip"))).Code);
        Assert.Equal(StatusCode.OK, (await RawCall.SendAsync(_host.Address, Unary, Good, headers: ("grpc-encoding", "identity"))).Code);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("1x")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    public async Task A_timeout_that_is_none_is_refused(string timeout)
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, Good, headers: ("grpc-timeout", timeout));
        Assert.Equal(StatusCode.Internal, reply.Code);
    }

    [Fact]
    public async Task A_timeout_of_nothing_is_over_before_the_handler()
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, RawCall.Frame(new EchoRequest { Behave = "wait" }.ToByteArray()), headers: ("grpc-timeout", "0n"));
        Assert.Equal(StatusCode.DeadlineExceeded, reply.Code);
    }

    [Fact]
    public async Task The_longest_timeout_is_taken() =>
        Assert.Equal(StatusCode.OK, (await RawCall.SendAsync(_host.Address, Unary, Good, headers: ("grpc-timeout", "99999999H"))).Code);

    [Fact]
    public async Task A_deadline_is_kept_by_the_server_alone()
    {
        var reply = await RawCall.SendAsync(_host.Address, Unary, RawCall.Frame(new EchoRequest { Behave = "wait" }.ToByteArray()), headers: ("grpc-timeout", "100m"))
            .WithinAsync("the server's own end of the call");
        Assert.Equal(StatusCode.DeadlineExceeded, reply.Code);
    }

    [Fact]
    public async Task A_call_over_http_1_is_told_to_upgrade()
    {
        await using var shared = await GrpcHost.StartAsync(_service.Map, listen: listener => listener.UseHttp1AndHttp2Cleartext());
        using var client = new HttpClient();
        using var content = new ByteArrayContent(Good);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/grpc");
        using var reply = await client.PostAsync(new Uri(shared.Address, Unary), content);
        Assert.Equal(HttpStatusCode.UpgradeRequired, reply.StatusCode);
    }
}
