using System.Text;
using Grpc.Reflection.V1;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary><c>api.allowed</c> and <c>api.denied</c> of the Configuration, at both fronts (contract 3.1, 4.3 and 5.11).</summary>
public sealed class ApiAccessTests : IDisposable
{
    /// <summary>The contract's table of Dapr's methods, section 3.1.</summary>
    private const string Groups = """
        invoke.v1 InvokeService
        state.v1 GetState GetBulkState SaveState DeleteState DeleteBulkState ExecuteStateTransaction
        state.v1alpha1 QueryStateAlpha1
        publish.v1 PublishEvent BulkPublishEvent
        publish.v1alpha1 BulkPublishEventAlpha1
        subscribe.v1alpha1 SubscribeTopicEventsAlpha1
        bindings.v1 InvokeBinding
        secrets.v1 GetSecret GetBulkSecret
        actors.v1 RegisterActorTimer UnregisterActorTimer RegisterActorReminder UnregisterActorReminder UnregisterActorRemindersByType ListActorReminders
        actors.v1 GetActorState GetActorReminder ExecuteActorStateTransaction InvokeActor
        actors.v1alpha1 SubscribeActorEventsAlpha1
        configuration.v1 GetConfiguration SubscribeConfiguration UnsubscribeConfiguration
        configuration.v1alpha1 GetConfigurationAlpha1 SubscribeConfigurationAlpha1 UnsubscribeConfigurationAlpha1
        lock.v1alpha1 TryLockAlpha1
        unlock.v1alpha1 UnlockAlpha1
        crypto.v1alpha1 EncryptAlpha1 DecryptAlpha1
        metadata.v1 GetMetadata SetMetadata
        subtlecrypto.v1alpha1 SubtleGetKeyAlpha1 SubtleEncryptAlpha1 SubtleDecryptAlpha1 SubtleWrapKeyAlpha1 SubtleUnwrapKeyAlpha1 SubtleSignAlpha1 SubtleVerifyAlpha1
        workflows.v1alpha1 StartWorkflowAlpha1 GetWorkflowAlpha1 PurgeWorkflowAlpha1 TerminateWorkflowAlpha1 PauseWorkflowAlpha1 ResumeWorkflowAlpha1 RaiseEventWorkflowAlpha1
        workflows.v1beta1 StartWorkflowBeta1 GetWorkflowBeta1 PurgeWorkflowBeta1 TerminateWorkflowBeta1 PauseWorkflowBeta1 ResumeWorkflowBeta1 RaiseEventWorkflowBeta1
        shutdown.v1 Shutdown
        jobs.v1 ScheduleJob GetJob DeleteJob DeleteJobsByPrefix ListJobs
        jobs.v1alpha1 ScheduleJobAlpha1 GetJobAlpha1 DeleteJobAlpha1 DeleteJobsByPrefixAlpha1 ListJobsAlpha1
        conversation.v1alpha1 ConverseAlpha1
        conversation.v1alpha2 ConverseAlpha2
        """;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(162)]
    public async Task Contract_162_what_is_not_listed_is_not_served_and_health_always_is()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var sidecar = await StartAsync("{ allowed: [ { name: state, version: v1.0, protocol: http }, { name: metadata, version: v1, protocol: grpc } ] }", app.Port);

        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz/outbound")).Status);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/state/store/k")).Status);
        foreach (var path in (string[])["/v1.0/metadata", "/v1.0/invoke/me/method/x", "/v1.0/secrets/s/k", "/x", "/V1.0/METADATA"])
        {
            var (status, body) = await sidecar.GetAsync(path);
            Assert.Equal(404, status);
            Assert.Contains("ERR_DIRECT_INVOKE", body, StringComparison.Ordinal);
        }

        Assert.Equal(StatusCode.OK, (await sidecar.Channel.StatusAsync(DaprMethods.GetMetadata, new GetMetadataRequest())).Code);
        var refused = await sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" });
        Assert.Equal((StatusCode.Unimplemented, "Not Implemented"), (refused.Code, refused.Message));
    }

    [Fact]
    public async Task Grpc_calls_for_apps_and_reflection_are_not_asked()
    {
        await using var app = await GrpcTestApp.StartAsync();
        await using var sidecar = await StartAsync("{ allowed: [ { name: metadata, version: v1, protocol: grpc } ] }", app.Port, "grpc");
        await using var reflection = sidecar.Channel.OpenDuplex(GrpcMethod.Raw("grpc.reflection.v1.ServerReflection", "ServerReflectionInfo", GrpcMethodKind.Duplex));

        Assert.Equal(StatusCode.OK, (await sidecar.Channel.StatusAsync(GrpcTestApp.Unary, default, new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "me")] })).Code);
        await reflection.WriteAsync(Google.Protobuf.MessageExtensions.ToByteArray(new ServerReflectionRequest { ListServices = "*" }));
        Assert.True(await reflection.ReadAsync(), reflection.Status?.ToString());
    }

    [Fact]
    [Contract(162)]
    public async Task Contract_162_what_is_denied_goes_before_what_is_allowed()
    {
        await using var sidecar = await StartAsync(
            """
            { allowed: [ { name: state, version: v1, protocol: http }, { name: metadata, version: v1, protocol: http } ],
              denied: [ { name: state, version: v1, protocol: http }, { name: state, version: v1alpha1, protocol: grpc } ] }
            """);

        Assert.Equal(404, (await sidecar.GetAsync("/v1.0/state/store/k")).Status);
        Assert.Equal(200, (await sidecar.GetAsync("/v1.0/metadata")).Status);
        Assert.Equal(StatusCode.OK, (await sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" })).Code);
        Assert.Equal(StatusCode.Unimplemented, (await sidecar.Channel.StatusAsync(DaprMethods.QueryState, new QueryStateRequest { StoreName = "store" })).Code);
    }

    [Fact]
    public async Task What_is_denied_is_not_served_at_the_public_port_either()
    {
        var port = FreePorts.Next();
        await using var sidecar = await StartAsync("{ denied: [ { name: metadata, version: v1, protocol: http } ] }", publicPort: port);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };

        using var denied = await client.GetAsync(new Uri("/v1.0/metadata", UriKind.Relative));
        using var health = await client.GetAsync(new Uri("/v1.0/healthz", UriKind.Relative));

        Assert.Equal((404, 204), ((int)denied.StatusCode, (int)health.StatusCode));
    }

    [Theory]
    [InlineData("secrets", "GET /v1.0/secrets/store/key", "dapr-app-id: me")]
    [InlineData("metadata", "GET //v1.0/./Metadata/", "Authorization: Basic ZGFwci1hcHAtaWQ6bWU=")]
    [InlineData("metadata", "GET /v1.0/metadata//..", "x: y")]
    [InlineData("shutdown", "POST /v1.0/shutdown//..", "x: y")]
    [InlineData("publish", "POST /v1.0/publish//../X/pubsub/topic", "x: y")]
    [InlineData("invoke", "GET /v1.0%2F..%2Fadmin/x", "Authorization: Basic ZGFwci1hcHAtaWQ6bWU=")]
    [InlineData("invoke", "GET /v1.0/state/a/b/c", "dapr-app-id: me")]
    [InlineData("invoke", "PATCH /v1.0/metadata", "dapr-app-id: me")]
    public async Task No_spelling_of_a_request_leads_past_what_is_denied(string denied, string line, string header)
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync($"{{ denied: [ {{ name: {denied}, version: v1, protocol: http }} ] }}", app.Port);
        using var connection = await RawConnection.OpenAsync(sidecar.Instance.HttpPort);

        await connection.SendAsync(Encoding.ASCII.GetBytes($"{line} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n{header}\r\n\r\n"));
        var answer = await connection.ReadAsync("GET").WithinAsync("an answer");

        Assert.Equal(404, answer!.Status);
        Assert.Contains("ERR_DIRECT_INVOKE", answer.Text, StringComparison.Ordinal);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.Empty(app.Seen);
    }

    [Theory]
    [InlineData("/dapr.proto.runtime.v1.Dapr/getsecret")]
    [InlineData("/dapr.proto.runtime.v1.Dapr/GetSecret/")]
    [InlineData("/dapr.proto.runtime.v1.dapr/GetSecret")]
    [InlineData("/Dapr.proto.runtime.v1.Dapr/GetSecret")]
    [InlineData("/x/../dapr.proto.runtime.v1.Dapr/GetSecret")]
    [InlineData("/dapr.proto.runtime.v1.Dapr/GetSecre%74")]
    [InlineData("/dapr.proto.runtime.v1.Dapr/GetSecret?x")]
    public async Task No_spelling_of_a_method_leads_past_what_is_denied(string path)
    {
        await using var sidecar = await StartAsync("{ denied: [ { name: secrets, version: v1, protocol: grpc } ] }");

        Assert.Equal(StatusCode.Unimplemented, (await RawGrpc.CallAsync(sidecar.Instance.GrpcPort, path, [("dapr-app-id", "me")])).Code);
    }

    [Fact]
    public void Each_method_is_of_the_group_and_version_that_the_contract_says()
    {
        var expected = Groups.ReplaceLineEndings("\n").Split('\n').Select(line => line.Split(' ')).SelectMany(line => line.Skip(1).Select(method => $"{method} {line[0]}"));
        var actual = DaprService.MethodNames.Select(method => (method, group: ApiAccess.GroupOf(method))).Select(item => $"{item.method} {item.group.Name}.{item.group.Version}");

        Assert.Equal(expected.Order(StringComparer.Ordinal), actual.Order(StringComparer.Ordinal));
    }

    private async Task<TestSidecar> StartAsync(string api, int appPort = 0, string protocol = "http", int publicPort = 0)
    {
        _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  api: {api.ReplaceLineEndings(" ")}\n");
        _folder.Write("components/store.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: store }\nspec: { type: state.in-memory, version: v1 }");
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = appPort, AppProtocol = protocol, PublicPort = publicPort, DisabledInitEndpoints = ["subscribe", "config"] });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
