using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using TestSupport;

namespace ServiceDefaults.Tests;

public sealed class HealthTests
{
    [Fact]
    public async Task LiveOnceServing_ReadyOnlyWithTheSidecar()
    {
        var status = StatusCodes.Status500InternalServerError;
        await using var sidecar = await Stub.StartAsync(context =>
        {
            context.Response.StatusCode = context.Request.Path == "/v1.0/healthz" ? status : StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
        await using var service = await TestService.StartAsync([$"--DAPR_HTTP_ENDPOINT={sidecar.Address}"]);

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(service, "/readyz"));
        status = StatusCodes.Status204NoContent;

        // A sidecar that takes more than two seconds for its answer counts as not ready.
        await Eventually.TrueAsync(async () => await StatusAsync(service, "/readyz") == HttpStatusCode.OK, "the service to be ready");
    }

    [Fact]
    public async Task WithoutASidecar_LiveButNotReady()
    {
        await using var service = await TestService.StartAsync([$"--DAPR_HTTP_ENDPOINT=http://127.0.0.1:{FreePorts.Next()}"]);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(service, "/readyz"));
    }

    [Fact]
    public async Task ASidecarThatHangs_IsNotReady()
    {
        await using var sidecar = await Stub.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted));
        await using var service = await TestService.StartAsync([$"--DAPR_HTTP_ENDPOINT={sidecar.Address}"]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(service, "/readyz"));
    }

    [Theory]
    [InlineData("/hello", "token", HttpStatusCode.OK)]
    [InlineData("/hello", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("/hello", null, HttpStatusCode.Unauthorized)]
    [InlineData("/dapr/subscribe", null, HttpStatusCode.Unauthorized)]
    [InlineData("/healthz/more", null, HttpStatusCode.Unauthorized)]
    [InlineData("/healthz", null, HttpStatusCode.OK)]
    public async Task WithAnAppToken_OnlyHealthIsOpenToAll(string path, string? token, HttpStatusCode expected)
    {
        await using var service = await TestService.StartAsync(["--APP_API_TOKEN=token"], app => app.MapGet("/hello", () => "hello"));
        Assert.Equal(expected, await StatusAsync(service, path, token));
    }

    [Fact]
    public async Task ThePublicDoorAsksForNoToken()
    {
        await using var service = await TestService.StartAsync(["--APP_API_TOKEN=token"], app => app.MapGet("/hello", () => "hello"), options => options.RequireAppToken = false);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(service, "/hello"));
    }

    private static async Task<HttpStatusCode> StatusAsync(TestService service, string path, string? token = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null)
            request.Headers.Add("dapr-api-token", token);
        using var response = await service.Client.SendAsync(request);
        return response.StatusCode;
    }
}
