using System.Net;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;
using Verb = Sidecar.Protos.HTTPExtension.Types.Verb;

namespace Sidecar.Runtime.Tests.Invocation;

/// <summary>Whoever has found the port between sidecars gets no further there than a sidecar does.</summary>
public sealed class InternalPortTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePorts.Next();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("/x/../test.Echo/Unary")]
    [InlineData("/x/%2e%2e/test.Echo/Unary")]
    [InlineData("/test.Echo/Unar%79")]
    [InlineData("/x%2Ftest.Echo/Unary")]
    [InlineData("/test.Echo/Unary?x")]
    [InlineData("/dapr.proto.runtime.v1.AppCallback/OnInvoke")]
    [InlineData("/Dapr.Proto.Runtime.v1.appcallback/oninvoke")]
    public async Task A_path_that_is_not_plainly_a_method_of_the_app_is_unimplemented_at_both_ends(string path)
    {
        await using var app = await GrpcTestApp.StartAsync();
        await using var sidecar = await StartAsync(app.Port, "grpc");
        (string, string)[] headers = [("dapr-callee-app-id", "callee")];

        Assert.Equal(StatusCode.Unimplemented, (await RawGrpc.CallAsync(_port, path, headers)).Code);
        Assert.Equal(StatusCode.Unimplemented, (await RawGrpc.CallAsync(sidecar.Instance.GrpcPort, path, headers)).Code);
        Assert.DoesNotContain(app.Paths, seen => seen.EndsWith("/Unary", StringComparison.Ordinal) || seen.EndsWith("OnInvoke", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(StatusCode.OK, (await RawGrpc.CallAsync(_port, "/test.Echo/Unary", headers)).Code);
    }

    [Theory]
    [InlineData(Verb.None, false)]
    [InlineData(Verb.Get, true)]
    [InlineData(Verb.Patch, true)]
    [InlineData(Verb.Connect, false)]
    [InlineData((Verb)99, false)]
    [InlineData((Verb)(-1), false)]
    public async Task A_verb_that_http_has_not_reaches_no_app_that_speaks_it(Verb verb, bool isOne)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var sidecar = await StartAsync(app.Port);
        var request = new InvokeServiceRequest { Id = "callee", Message = new InvokeRequest { Method = "x", HttpExtension = new HTTPExtension { Verb = verb } } };

        using var crossed = await SendAsync($"{(int)verb};;");
        var status = await sidecar.Channel.StatusAsync(GrpcMethod.Of<InvokeServiceRequest, InvokeResponse>(DaprService.Method("InvokeService")), request);

        Assert.Equal(isOne ? StatusCode.OK : StatusCode.InvalidArgument, status.Code);
        Assert.Equal(!isOne, crossed.Headers.Contains("dapr-internal-grpc-status"));
        Assert.Equal(isOne ? 2 : 0, app.Seen.Count(seen => seen.Path == "/x"));
    }

    [Theory]
    [InlineData("922337203685477")]
    [InlineData("9223372036854775807")]
    [InlineData("-9223372036854775808")]
    [InlineData("")]
    public async Task A_deadline_beyond_all_time_is_taken(string milliseconds)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var sidecar = await StartAsync(app.Port);

        using var response = await SendAsync($"{(int)Verb.Get};{milliseconds};");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private async Task<HttpResponseMessage> SendAsync(string invocation)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://127.0.0.1:{_port}/v1.0/invoke/callee/method/x", PlainTransport.Verbatim));
        request.Headers.TryAddWithoutValidation("dapr-internal-grpc", invocation);
        return await client.SendAsync(request);
    }

    private async Task<TestSidecar> StartAsync(int appPort, string protocol = "http")
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with
        {
            AppId = "callee",
            AppPort = appPort,
            AppProtocol = protocol,
            InternalPort = _port,
            NameRegistryFile = "names.db",
            DisabledInitEndpoints = ["subscribe", "config"],
        });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
