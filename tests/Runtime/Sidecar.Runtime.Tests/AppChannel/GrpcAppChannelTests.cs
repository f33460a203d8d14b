using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary>The way to apps that speak gRPC, or HTTP/2: one limit and one gate for all calls, whichever way they come.</summary>
public sealed class GrpcAppChannelTests : IDisposable
{
    private static readonly byte[] Hello = "hello"u8.ToArray();

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(89)]
    public async Task One_limit_counts_invocations_and_proxied_calls_and_one_that_waits_obeys_its_deadline()
    {
        var begun = new TaskCompletionSource();
        var finish = new TaskCompletionSource();
        await using var app = await GrpcTestApp.StartAsync(app =>
        {
            app.OnDuplex = async (_, _, _) =>
            {
                begun.SetResult();
                await finish.Task;
            };
            app.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("turn"));
        });
        await using var sidecar = await StartAsync(app, options => options with { AppMaxConcurrency = 1 });
        using var channel = ChannelOf(sidecar);
        await using var stream = channel.OpenDuplex(GrpcTestApp.Duplex, ToMe());
        await begun.Task.WithinAsync("the stream at the app");

        var proxied = await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe() with { Timeout = TimeSpan.FromMilliseconds(100) });
        var invoked = sidecar.GetAsync("/v1.0/invoke/me/method/x");
        Assert.Equal(StatusCode.DeadlineExceeded, proxied.Status.Code);
        Assert.False(invoked.IsCompleted);
        Assert.Empty(app.Invoked);
        finish.SetResult();

        Assert.Equal((200, "turn"), await invoked.WithinAsync("the turn of the invocation"));
        Assert.True((await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe())).IsOK);
    }

    [Fact]
    [Contract(65, 93)]
    public async Task Health_is_asked_by_grpc_and_keeps_every_call_from_an_app_that_is_not_well()
    {
        var clock = new FakeClock();
        var isWell = false;
        var asked = 0;
        await using var app = await GrpcTestApp.StartAsync(app =>
        {
            app.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("x"));
            app.OnHealthCheck = _ =>
            {
                Interlocked.Increment(ref asked);
                return isWell ? Task.FromResult(new HealthCheckResponse()) : throw new GrpcException(StatusCode.Internal, "not well");
            };
        });
        await using var sidecar = await TestSidecar.StartAsync(
            _folder, options => options with { AppPort = app.Port, AppProtocol = "grpc", AppHealth = new AppHealthOptions(), Time = clock });
        using var channel = ChannelOf(sidecar);
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > 0, "the first health check");

        var (status, reason) = await sidecar.GetAsync("/v1.0/invoke/me/method/x");
        var proxied = await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe());
        Assert.Equal(500, status);
        Assert.Contains("app is not in a healthy state", reason, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unavailable, proxied.Status.Code);
        Assert.Contains("app is not in a healthy state", proxied.Status.Message, StringComparison.Ordinal);
        Assert.Empty(app.Invoked);

        isWell = true;
        await sidecar.PassProbesAsync(clock);
        Assert.Equal((200, "x"), await sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.True((await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe())).IsOK);
        Assert.DoesNotContain(app.Invoked, request => request.Message.Method == "dapr/config");
    }

    [Fact]
    public async Task Grpcs_is_grpc_by_tls_whose_certificate_is_not_checked()
    {
        using var certificate = SelfSigned();
        await using var app = new GrpcTestApp();
        app.OnInvoke = (_, call) => Task.FromResult(GrpcTestApp.Text(call.HttpContext.Request.Scheme));
        await app.StartListeningAsync(listener => listener.UseHttps(certificate));
        await using var sidecar = await StartAsync(app, options => options with { AppProtocol = "GRPCS" });
        using var channel = ChannelOf(sidecar);

        Assert.Equal((200, "https"), await sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.Equal("hello", Encoding.UTF8.GetString((await channel.UnaryAsync(GrpcTestApp.Unary, Hello, ToMe())).Span));
    }

    [Fact]
    public async Task H2c_is_http_as_it_is_by_http_2_from_the_first_byte_on()
    {
        var port = FreePorts.Next();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server => server.ListenLocalhost(port, listener => listener.Protocols = HttpProtocols.Http2));
        await using var app = builder.Build();
        app.Run(async context =>
        {
            context.Response.StatusCode = 202;
            context.Response.Headers["Own-Header"] = "h";
            await context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Method} {context.Request.Path}{context.Request.QueryString}");
        });
        await app.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = port, AppProtocol = "h2c" });

        using var response = await sidecar.Client.GetAsync(new Uri("/v1.0/invoke/me/method/a/b?c=d", UriKind.Relative));

        Assert.Equal((HttpStatusCode.Accepted, "HTTP/2 GET /a/b?c=d"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal("h", response.Headers.GetValues("own-header").Single());
    }

    [Fact]
    public async Task The_transport_to_the_app_can_be_made_to_fail()
    {
        await using var app = await GrpcTestApp.StartAsync(app => app.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("x")));
        var fault = new FaultyHandler();
        await using var sidecar = await StartAsync(app, options => options with { WrapAppTransport = fault.Around });
        using var channel = ChannelOf(sidecar);

        fault.Status = HttpStatusCode.ServiceUnavailable;
        var refused = await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe());
        var (status, _) = await sidecar.GetAsync("/v1.0/invoke/me/method/x");
        fault.Status = null;

        Assert.Equal((StatusCode.Unavailable, 503), (refused.Status.Code, status));
        Assert.True((await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe())).IsOK);
    }

    [Fact]
    public async Task An_app_that_speaks_http_serves_no_proxied_call()
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = app.Port });
        using var channel = ChannelOf(sidecar);

        var result = await channel.CallAsync(GrpcTestApp.Unary, Hello, ToMe());

        Assert.Equal(StatusCode.Unavailable, result.Status.Code);
        Assert.Contains("--app-protocol grpc", result.Status.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Seen, request => request.Path.Contains("Echo", StringComparison.Ordinal));
    }

    private static CallOptions ToMe() => new() { Metadata = [new MetadataEntry("dapr-app-id", "me")] };

    private static GrpcChannel ChannelOf(TestSidecar sidecar) => GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{sidecar.Instance.GrpcPort}"));

    private async Task<TestSidecar> StartAsync(GrpcTestApp app, Func<SidecarOptions, SidecarOptions> change)
    {
        var sidecar = await TestSidecar.StartAsync(_folder, options => change(options with { AppPort = app.Port, AppProtocol = "grpc", DisabledInitEndpoints = ["subscribe"] }));
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=somebody else", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }

    private sealed class FaultyHandler : DelegatingHandler
    {
        public HttpStatusCode? Status { get; set; }

        public HttpMessageHandler Around(HttpMessageHandler inner)
        {
            InnerHandler = inner;
            return this;
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Status is { } status ? Task.FromResult(new HttpResponseMessage(status)) : base.SendAsync(request, cancellationToken);
    }
}
