using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Http;
using Sdk.Tests.Fakes;
using TestSupport;

namespace Sdk.Tests.Client;

public sealed class SidecarTests : FakeSidecarTests
{
    [Fact]
    public async Task EveryCallCarriesTheApiToken()
    {
        using var dapr = Sidecar.CreateClient(builder => builder.UseDaprApiToken("secret"));
        await dapr.GetStateAsync<int>("s", "k");
        await dapr.PublishEventAsync("p", "t", 1);
        await dapr.CheckHealthAsync();
        await dapr.GetSecretAsync("s", "k");
        Assert.Equal(4, Sidecar.Seen.Count);
        Assert.All(Sidecar.Seen, request => Assert.Equal("secret", request.Headers["dapr-api-token"]));
        Assert.All(Sidecar.Seen, request => Assert.StartsWith("dapr-sdk-dotnet/", request.Headers.UserAgent.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task WithoutATokenNoHeaderIsSent()
    {
        using var dapr = Sidecar.CreateClient(builder => builder.UseDaprApiToken(""));
        await dapr.CheckHealthAsync();
        Assert.False(Sidecar.Only.Headers.ContainsKey("dapr-api-token"));
    }

    [Fact]
    public async Task EveryCallContinuesTheCurrentTrace()
    {
        using var activity = new Activity("test").Start();
        using var dapr = Sidecar.CreateClient();
        using var invoke = dapr.CreateInvokableHttpClient("orders");
        await dapr.PublishEventAsync("p", "t", 1);
        using var response = await invoke.GetAsync("/x");
        Assert.Equal(2, Sidecar.Seen.Count);
        Assert.All(Sidecar.Seen, request => Assert.StartsWith($"00-{activity.TraceId}-", request.Headers.TraceParent.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task ARefusedToken_SurfacesWithTheSidecarsText()
    {
        Sidecar.AnswerWith(401, "invalid api token");
        using var dapr = Sidecar.CreateClient();
        var failure = await Assert.ThrowsAsync<DaprApiException>(() => dapr.GetStateAsync<int>("s", "k"));
        Assert.Contains("401", failure.Message, StringComparison.Ordinal);
        Assert.Contains("invalid api token", failure.Message, StringComparison.Ordinal);
        Assert.Equal("", failure.ErrorCode);
        Assert.Equal(HttpStatusCode.Unauthorized, Assert.IsType<HttpRequestException>(failure.InnerException).StatusCode);
    }

    [Fact]
    public async Task AnAbsentSidecar_SurfacesAsDaprExceptionWithTheCause()
    {
        var address = $"http://127.0.0.1:{FreePorts.Next()}";
        using var dapr = new DaprClientBuilder().UseHttpEndpoint(address).Build();
        var failure = await Assert.ThrowsAsync<DaprException>(() => dapr.PublishEventAsync("p", "t", 1));
        Assert.Contains(address, failure.Message, StringComparison.Ordinal);
        Assert.IsType<SocketException>(failure.InnerException!.InnerException);
        Assert.False(await dapr.CheckHealthAsync());
    }

    [Fact]
    public async Task ASidecarThatDoesNotAnswerInTime_SurfacesAsDaprException()
    {
        Sidecar.Answer = context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        using var dapr = Sidecar.CreateClient(builder => builder.UseTimeout(TimeSpan.FromMilliseconds(200)));
        var failure = await Assert.ThrowsAsync<DaprException>(() => dapr.GetStateAsync<int>("s", "k"));
        Assert.IsAssignableFrom<OperationCanceledException>(failure.InnerException);
    }

    [Fact]
    public async Task TheCallersOwnCancellation_StaysACancellation()
    {
        using var cancelled = new CancellationTokenSource();
        Sidecar.Answer = async context =>
        {
            await cancelled.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted);
        };
        using var dapr = Sidecar.CreateClient();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dapr.GetStateAsync<int>("s", "k", cancellationToken: cancelled.Token));
    }

    [Fact]
    public async Task WaitForSidecar_ReturnsOnceOutboundHealthIsGood()
    {
        var asked = 0;
        Sidecar.Answer = context =>
        {
            context.Response.StatusCode = ++asked < 3 ? StatusCodes.Status500InternalServerError : StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        };
        using var dapr = Sidecar.CreateClient();
        await dapr.WaitForSidecarAsync().WithinAsync("the sidecar's outbound health");
        Assert.Equal(3, asked);
        Assert.All(Sidecar.Seen, request => Assert.Equal("/v1.0/healthz/outbound", request.Target));
    }

    [Fact]
    public async Task GetMetadata_ReadsTheSidecarsDescription()
    {
        Sidecar.AnswerWith(200, """{"id":"orders","runtimeVersion":"1.18.0","actors":[{"type":"Cart","count":2}],"components":[{"name":"statestore","type":"state.sqlite","version":"v1","capabilities":["ETAG"]},{"name":"x","type":"y","version":"v1"}],"extended":{"a":"b"}}""");
        using var dapr = Sidecar.CreateClient();
        var metadata = await dapr.GetMetadataAsync();

        Assert.Equal("orders", metadata.Id);
        Assert.Equal(("Cart", 2), (metadata.Actors[0].Type, metadata.Actors[0].Count));
        Assert.Equal(["ETAG"], metadata.Components[0].Capabilities);
        Assert.Empty(metadata.Components[1].Capabilities);
        Assert.Equal("b", metadata.Extended["a"]);
    }

    [Fact]
    public async Task SetMetadataAndShutdown_CallTheirRoutes()
    {
        using var dapr = Sidecar.CreateClient();
        await dapr.SetMetadataAsync("build", "42");
        await dapr.ShutdownSidecarAsync();
        Assert.Equal(["PUT /v1.0/metadata/build 42", "POST /v1.0/shutdown "], Sidecar.Seen.Select(request => $"{request.Method} {request.Target} {request.Body}"));
    }

    [Fact]
    public async Task Secrets_AreReadByNameAndInBulk()
    {
        using var dapr = Sidecar.CreateClient();
        Sidecar.AnswerWith(200, """{"db":"pw"}""");
        Assert.Equal("pw", (await dapr.GetSecretAsync("vault", "db"))["db"]);
        Sidecar.AnswerWith(200, """{"db":{"db":"pw"}}""");
        Assert.Equal("pw", (await dapr.GetBulkSecretAsync("vault"))["db"]["db"]);
        Assert.Equal(["/v1.0/secrets/vault/db", "/v1.0/secrets/vault/bulk"], Sidecar.Seen.Select(request => request.Target));
    }

    [Theory]
    [InlineData("localhost:3500")]
    [InlineData("ftp://x")]
    [InlineData("")]
    public void UseHttpEndpoint_ThatIsNoHttpAddress_Throws(string endpoint) => Assert.Throws<ArgumentException>(() => new DaprClientBuilder().UseHttpEndpoint(endpoint));

    [Fact]
    public void Endpoint_ComesFromSettings_AddressBeforePort()
    {
        Assert.Equal("http://127.0.0.1:3511", DaprDefaults.HttpEndpoint(name => name == "DAPR_HTTP_PORT" ? "3511" : null));
        Assert.Equal("https://dapr.example", DaprDefaults.HttpEndpoint(name => name == "DAPR_HTTP_ENDPOINT" ? "https://dapr.example" : "3511"));
        Assert.Equal("http://127.0.0.1:50005", DaprDefaults.GrpcEndpoint(name => name == "DAPR_GRPC_PORT" ? "50005" : null));
        Assert.Throws<DaprException>(() => DaprDefaults.HttpEndpoint(name => name == "DAPR_HTTP_PORT" ? "many" : null));
    }
}
