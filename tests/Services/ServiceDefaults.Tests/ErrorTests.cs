using System.Net;
using System.Net.Http.Json;
using System.Text;
using Dapr;
using Microsoft.AspNetCore.Builder;

namespace ServiceDefaults.Tests;

public sealed class ErrorTests
{
    [Theory]
    [InlineData("/boom", 500, "trace id")]
    [InlineData("/dapr", 503, "unavailable")]
    [InlineData("/none", 404, null)]
    public async Task EveryErrorIsProblemDetailsWithoutInsides(string path, int status, string? detail)
    {
        await using var service = await StartAsync();
        using var response = await service.Client.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains($"\"status\":{status}", text, StringComparison.Ordinal);
        Assert.Contains(detail ?? "", text, StringComparison.Ordinal);
        Assert.Contains("\"traceId\":\"00-", text, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain(" at ", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"kind\":", "line 1")]
    [InlineData("{\"kind\":\"Nope\"}", "$.kind")]
    [InlineData("{\"kind\":1}", "$.kind")]
    [InlineData("{\"kind\":\"Black\",\"quantity\":\"x\"}", "$.quantity")]
    public async Task AMalformedBody_IsABadRequestThatNamesThePlace(string body, string place)
    {
        await using var service = await StartAsync();
        using var response = await service.Client.PostAsync("/tea", new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        Assert.Contains(place, text, StringComparison.Ordinal);
        Assert.DoesNotContain("ServiceDefaults.Tests", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnErrorIsProblemDetails_EvenForWhoAsksForHtml()
    {
        await using var service = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/boom") { Headers = { { "Accept", "text/html" } } };
        using var response = await service.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task EnumsTravelAsNames_AndTheServerDoesNotNameItself()
    {
        await using var service = await StartAsync();
        using var response = await service.Client.PostAsJsonAsync("/tea", new { kind = "Green", quantity = 2 });
        Assert.Equal("""{"kind":"Green","quantity":2}""", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("Server"));
    }

    private static Task<TestService> StartAsync() => TestService.StartAsync(map: app =>
    {
        app.MapGet("/boom", string () => throw new InvalidOperationException("secret"));
        app.MapGet("/dapr", string () => throw new DaprException("secret", new HttpRequestException("secret")));
        app.MapPost("/tea", (Tea tea) => tea);
    });

    private sealed record Tea(Kind Kind, int Quantity);

    private enum Kind
    {
        Black,
        Green,
    }
}
