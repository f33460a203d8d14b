using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.Security;

/// <summary><c>api.allowed</c> and <c>api.denied</c> of the Configuration, at both fronts (contract 4.3 and 5.11).</summary>
public sealed class ApiAccessTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Contract(162)]
    public async Task Contract_162_what_is_not_listed_is_not_served_and_health_always_is()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/x", 200));
        await using var sidecar = await StartAsync("{ allowed: [ { name: state, version: v1.0, protocol: http }, { name: metadata, version: v1, protocol: grpc } ] }", app.Port);

        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/healthz")).Status);
        Assert.Equal(204, (await sidecar.GetAsync("/v1.0/state/store/k")).Status);
        foreach (var path in (string[])["/v1.0/metadata", "/v1.0/invoke/me/method/x", "/v1.0/secrets/s/k", "/x", "/V1.0/METADATA"])
        {
            var (status, body) = await sidecar.GetAsync(path);
            Assert.Equal(404, status);
            Assert.Contains("ERR_DIRECT_INVOKE", body, StringComparison.Ordinal);
        }

        using var named = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1.0/state/store/k", UriKind.Relative));
        named.Headers.Add("dapr-app-id", "me");
        using var invoked = await sidecar.Client.SendAsync(named);
        Assert.Equal(404, (int)invoked.StatusCode);

        Assert.Equal(StatusCode.OK, (await sidecar.Channel.StatusAsync(DaprMethods.GetMetadata, new GetMetadataRequest())).Code);
        Assert.Equal(StatusCode.Unimplemented, (await sidecar.Channel.StatusAsync(DaprMethods.GetState, new GetStateRequest { StoreName = "store", Key = "k" })).Code);
        Assert.Equal(StatusCode.Unimplemented, (await sidecar.Channel.StatusAsync(GrpcTestApp.Unary, default, new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "me")] })).Code);
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

    private async Task<TestSidecar> StartAsync(string api, int appPort = 0)
    {
        _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n  api: {api.ReplaceLineEndings(" ")}\n");
        _folder.Write("components/store.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: { name: store }\nspec: { type: state.in-memory, version: v1 }");
        var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = appPort, DisabledInitEndpoints = ["subscribe", "config"] });
        await sidecar.Instance.Healthy.WithinAsync("health");
        return sidecar;
    }
}
