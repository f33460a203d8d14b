using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security.Mtls;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary>
/// Sidecars of different groups, which know each other by the name registry as those of different processes do, with certificates of one
/// run; and access control by these (contract 4.3).
/// </summary>
public sealed class MtlsTests : IDisposable
{
    private const string Rules = """
        apiVersion: dapr.io/v1alpha1
        kind: Configuration
        metadata: { name: c }
        spec:
          accessControl:
            defaultAction: deny
            policies:
            - appId: friend
              trustDomain: public
              namespace: default
              defaultAction: deny
              operations:
              - { name: /public, httpVerb: ["GET"], action: allow }
              - { name: /test.Echo/Unary, httpVerb: ["*"], action: allow }
        """;

    private static readonly GrpcMethod<InvokeServiceRequest, InvokeResponse> InvokeService =
        GrpcMethod.Of<InvokeServiceRequest, InvokeResponse>(DaprReflection.Descriptor.Services[0].FindMethodByName("InvokeService"));

    private static readonly SidecarOptions Friend = new() { AppId = "friend", Environment = new Dictionary<string, string>() };

    private readonly TempFolder _folder = new();
    private readonly RunAuthority _run = new();

    public void Dispose()
    {
        _run.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Sidecars_of_one_run_reach_each_other_and_the_callee_is_told_who_calls_by_the_certificate()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", async (context, request) => await context.Response.Body.WriteAsync(
            System.Text.Encoding.UTF8.GetBytes($"{request.Headers["dapr-caller-app-id"]} {request.Text}"))));
        await using var callee = await StartAsync("callee", app.Port);
        await using var caller = await StartAsync("friend");

        using var response = await caller.Client.PostAsync(new Uri("/v1.0/invoke/callee/method/x", UriKind.Relative), new StringContent("text"));

        Assert.Equal("friend text", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Grpc_calls_that_are_handed_on_go_by_the_same_way()
    {
        await using var app = await GrpcTestApp.StartAsync();
        await using var callee = await StartAsync("callee", app.Port, "grpc");
        await using var caller = await StartAsync("friend");

        var answer = await caller.Channel.CallAsync(GrpcTestApp.Unary, "echo"u8.ToArray(), new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "callee")] });

        Assert.Equal("echo"u8.ToArray(), answer.Message.ToArray());
    }

    [Theory]
    [InlineData("friend", "/public", "GET", 200)]
    [InlineData("friend", "/public", "POST", 403)]
    [InlineData("friend", "/admin", "GET", 403)]
    [InlineData("friend", "/public%2F..%2Fadmin", "GET", 403)]
    [InlineData("friend", "/admin/..%2Fpublic", "GET", 200)]
    [InlineData("stranger", "/public", "GET", 403)]
    [Contract(79)]
    public async Task Contract_079_who_may_call_what_is_decided_by_the_certificate_and_the_cleaned_path(string appId, string path, string verb, int expected)
    {
        await using var app = await TestApp.StartAsync(app => app.On("/public", 200).On("/admin", 200));
        await using var callee = await StartAsync("callee", app.Port, rules: Rules);
        await using var caller = await StartAsync(appId);
        using var request = new HttpRequestMessage(new HttpMethod(verb), new Uri($"{caller.Client.BaseAddress}v1.0/invoke/callee/method{path}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        request.Headers.Add("dapr-caller-app-id", "friend");

        using var response = await caller.Client.SendAsync(request);

        Assert.Equal(expected, (int)response.StatusCode);
        if (expected == 403)
        {
            var body = await response.Content.ReadAsStringAsync();
            Assert.Contains("ERR_DIRECT_INVOKE", body, StringComparison.Ordinal);
            Assert.Contains($"access control policy has denied access to id: spiffe://public/ns/default/{appId} operation: ", body, StringComparison.Ordinal);
            Assert.DoesNotContain(app.Seen, seen => seen.Path is "/public" or "/admin");
            await callee.LineAsync("access control has denied spiffe://public/ns/default/" + appId);
        }
    }

    [Fact]
    public async Task The_same_over_grpc()
    {
        await using var app = await GrpcTestApp.StartAsync(app => app.OnInvoke = (_, _) => Task.FromResult(GrpcTestApp.Text("well")));
        await using var callee = await StartAsync("callee", app.Port, "grpc", Rules);
        await using var friend = await StartAsync("friend");
        await using var stranger = await StartAsync("stranger");
        var proxied = new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "callee"), new MetadataEntry("dapr-caller-app-id", "friend")] };

        Assert.Equal(StatusCode.OK, (await friend.Channel.StatusAsync(InvokeService, Invoke("public"))).Code);
        Assert.Equal(StatusCode.PermissionDenied, (await friend.Channel.StatusAsync(InvokeService, Invoke("admin"))).Code);
        Assert.Equal(StatusCode.PermissionDenied, (await stranger.Channel.StatusAsync(InvokeService, Invoke("public"))).Code);
        Assert.Equal(StatusCode.OK, (await friend.Channel.StatusAsync(GrpcTestApp.Unary, default, proxied)).Code);
        Assert.Equal(StatusCode.PermissionDenied, (await friend.Channel.StatusAsync(GrpcMethod.Raw("test.Echo", "Other", GrpcMethodKind.Unary), default, proxied)).Code);
        Assert.Equal(StatusCode.PermissionDenied, (await stranger.Channel.StatusAsync(GrpcTestApp.Unary, default, proxied)).Code);
    }

    [Theory]
    [InlineData("/test.Echo/Unary", StatusCode.PermissionDenied)]
    [InlineData("/x/../test.Echo/Unary", StatusCode.Unimplemented)]
    [InlineData("/x/%2e%2e/test.Echo/Unary", StatusCode.Unimplemented)]
    public async Task No_spelling_of_a_method_leads_past_a_rule(string path, StatusCode expected)
    {
        await using var group = new SidecarGroup();
        await using var app = await GrpcTestApp.StartAsync();
        var rules = Rules.Replace("Action: deny", "Action: allow", StringComparison.Ordinal).Replace("[\"*\"], action: allow", "[\"*\"], action: deny", StringComparison.Ordinal);
        await using var callee = await StartAsync("callee", app.Port, "grpc", rules, group);
        await using var friend = await StartAsync("friend", group: group);

        Assert.Equal(expected, (await RawGrpc.CallAsync(friend.Instance.GrpcPort, path, [("dapr-app-id", "callee")])).Code);
        Assert.DoesNotContain("/test.Echo/Unary", app.Paths);
    }

    [Fact]
    public async Task Who_calls_is_said_by_the_certificate_whatever_a_peer_says()
    {
        var (port, grpcPort) = (FreePorts.Next(), FreePorts.Next());
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var grpcApp = await GrpcTestApp.StartAsync();
        await using var callee = await StartAsync("callee", app.Port, change: options => options with { InternalPort = port });
        await using var grpcCallee = await StartAsync("grpc-callee", grpcApp.Port, "grpc", change: options => options with { InternalPort = grpcPort });
        _run.Write(_folder.File("mine"), Friend);
        using var identity = WorkloadIdentity.Read(_folder.File("mine"));
        using var handler = new SocketsHttpHandler { SslOptions = PeerTls.Client(identity, "callee") };
        using var client = new HttpClient(handler);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://127.0.0.1:{port}/v1.0/invoke/callee/method/x"));
        request.Headers.Add("dapr-caller-app-id", "boss");
        request.Headers.Add("dapr-caller-namespace", "heaven");
        var told = default((string?, string?));
        grpcApp.OnUnary = (message, call) =>
        {
            told = (call.RequestMetadata.Get("dapr-caller-app-id"), call.RequestMetadata.Get("dapr-caller-namespace"));
            return Task.FromResult(message);
        };

        using var response = await client.SendAsync(request);
        var status = await RawGrpc.CallAsync(
            grpcPort,
            "/test.Echo/Unary",
            [("dapr-callee-app-id", "grpc-callee"), ("dapr-caller-app-id", "boss"), ("dapr-caller-namespace", "heaven")],
            PeerTls.Client(identity, "grpc-callee"));

        var seen = Assert.Single(app.Seen, seen => seen.Path == "/x");
        Assert.Equal(("friend", "default"), (seen.Headers["dapr-caller-app-id"], seen.Headers["dapr-caller-namespace"]));
        Assert.Equal(StatusCode.OK, status.Code);
        Assert.Equal(("friend", "default"), told);
    }

    [Theory]
    [InlineData(true, 200, 403)]
    [InlineData(false, 403, 403)]
    public async Task Sidecars_of_one_process_are_known_likewise_and_a_sidecars_own_app_is_never_asked(bool mtls, int friends, int strangers)
    {
        await using var group = new SidecarGroup();
        await using var app = await TestApp.StartAsync(app => app.On("/public", 200));
        await using var callee = await StartAsync("callee", app.Port, rules: Rules, group: group, mtls: mtls);
        await using var friend = await StartAsync("friend", group: group, mtls: mtls);
        await using var stranger = await StartAsync("stranger", group: group, mtls: mtls);

        Assert.Equal(friends, (await friend.GetAsync("/v1.0/invoke/callee/method/public")).Status);
        Assert.Equal(strangers, (await stranger.GetAsync("/v1.0/invoke/callee/method/public")).Status);
        Assert.Equal(200, (await callee.GetAsync("/v1.0/invoke/callee/method/public")).Status);
    }

    [Fact]
    public async Task A_certificate_of_another_run_opens_nothing()
    {
        using var another = new RunAuthority();
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var callee = await StartAsync("callee", app.Port);
        await using var caller = await StartAsync("friend", authority: another);

        var (status, body) = await caller.GetAsync("/v1.0/invoke/callee/method/x");

        Assert.Equal(500, status);
        await callee.LineAsync("refused a sidecar whose certificate is not of this run: spiffe://public/ns/default/friend");
        Assert.Contains("ERR_DIRECT_INVOKE", body, StringComparison.Ordinal);
        Assert.DoesNotContain(app.Seen, seen => seen.Path == "/x");
    }

    [Fact]
    public async Task Without_a_certificate_or_without_tls_nothing_is_heard_at_the_internal_port()
    {
        var port = FreePorts.Next();
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var callee = await StartAsync("callee", app.Port, change: options => options with { InternalPort = port });
        using var plain = new HttpClient();
        using var handler = new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = (_, _, _, _) => true } };
        using var bare = new HttpClient(handler);

        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync(new Uri($"http://127.0.0.1:{port}/v1.0/invoke/callee/method/x")));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => bare.GetAsync(new Uri($"https://127.0.0.1:{port}/v1.0/invoke/callee/method/x")));

        Assert.DoesNotContain(app.Seen, seen => seen.Path == "/x");
    }

    [Fact]
    public async Task A_caller_does_not_speak_to_another_app_than_it_calls()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        var port = FreePorts.Next();
        await using var other = await StartAsync("other", app.Port, change: options => options with { InternalPort = port });
        _run.Write(_folder.File("mine"), Friend);
        using var identity = WorkloadIdentity.Read(_folder.File("mine"));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = new SslStream(client.GetStream());

        await Assert.ThrowsAsync<AuthenticationException>(() => stream.AuthenticateAsClientAsync(PeerTls.Client(identity, "callee"), CancellationToken.None).WithinAsync("the handshake"));
    }

    [Fact]
    public async Task An_identity_that_is_not_there_keeps_the_sidecar_from_starting_and_the_key_is_for_this_user_alone()
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => TestSidecar.StartAsync(_folder, options => options with { EnableMtls = true, IdentityFolder = _folder.File("nothing") }));
        Assert.Contains("there is no certificate for mTLS", failure.Message, StringComparison.Ordinal);

        _run.Write(_folder.File("mine"), Friend);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(_folder.File("mine"), "tls.key")));
    }

    [Fact]
    public void A_certificate_that_names_nobody_or_two_is_nobodys()
    {
        _run.Write(_folder.File("mine"), Friend);
        using var identity = WorkloadIdentity.Read(_folder.File("mine"));
        using var key = System.Security.Cryptography.ECDsa.Create();
        var request = new CertificateRequest("CN=nobody", key, System.Security.Cryptography.HashAlgorithmName.SHA256);
        using var nobody = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue);

        Assert.Null(identity.Verify(nobody));
        Assert.Null(identity.Verify(null));
        Assert.Equal("friend", identity.Verify(identity.Certificate)?.AppId);
    }

    private static InvokeServiceRequest Invoke(string method) => new() { Id = "callee", Message = new InvokeRequest { Method = method, Data = new Any { Value = ByteString.CopyFromUtf8("x") } } };

    private async Task<TestSidecar> StartAsync(
        string appId, int appPort = 0, string protocol = "http", string? rules = null, SidecarGroup? group = null, bool mtls = true, RunAuthority? authority = null,
        Func<SidecarOptions, SidecarOptions>? change = null)
    {
        if (rules is not null)
            _folder.Write($"{appId}.yaml", rules);
        var identity = _folder.File($"identity-{appId}");
        if (group is null)
            (authority ?? _run).Write(identity, Friend with { AppId = appId });
        var sidecar = await TestSidecar.StartAsync(
            _folder,
            options =>
            {
                options = options with
                {
                    AppId = appId,
                    AppPort = appPort,
                    AppProtocol = protocol,
                    NameRegistryFile = group is null ? "names.db" : null,
                    EnableMtls = mtls,
                    IdentityFolder = group is null ? identity : null,
                    ConfigPaths = rules is null ? [] : [_folder.File($"{appId}.yaml")],
                    DisabledInitEndpoints = ["subscribe", "config"],
                };
                return change?.Invoke(options) ?? options;
            },
            group);
        await sidecar.Instance.Healthy.WithinAsync($"health of {appId}");
        return sidecar;
    }
}
