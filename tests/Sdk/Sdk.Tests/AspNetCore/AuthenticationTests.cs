using System.Net;
using Dapr.AspNetCore;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.AspNetCore;

public sealed class AuthenticationTests
{
    [Theory]
    [InlineData("right", "right", HttpStatusCode.OK)]
    [InlineData("right", "wrong", HttpStatusCode.Unauthorized)]
    [InlineData("right", "right-and-more", HttpStatusCode.Unauthorized)]
    [InlineData("right", null, HttpStatusCode.Unauthorized)]
    [InlineData("", "", HttpStatusCode.Unauthorized)]
    [InlineData("", "any", HttpStatusCode.Unauthorized)]
    public async Task OnlyTheSidecarsTokenSatisfiesThePolicy(string expected, string? given, HttpStatusCode status)
    {
        await using var app = await FakeApp.StartAsync(
            app => app.MapGet("/", () => "in").RequireAuthorization("Dapr"),
            builder =>
            {
                builder.Services.AddAuthentication().AddDapr(options => options.Token = expected);
                builder.Services.AddAuthorization(options => options.AddDapr());
            });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        if (given is not null)
            request.Headers.Add("Dapr-Api-Token", given);
        using var response = await app.Client.SendAsync(request);
        Assert.Equal(status, response.StatusCode);
    }
}
