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
