using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Shop.ServiceDefaults;
using TestSupport;

namespace ServiceDefaults.Tests;

public sealed class HostingTests
{
    [Fact]
    public async Task TheServiceListensOnTheAppPort_OnLoopback()
    {
        var port = FreePorts.Next();
        await using var app = ShopService.CreateBuilder([$"--APP_PORT={port}"]).Build();
        await app.StartAsync();
        Assert.Equal([$"http://127.0.0.1:{port}"], app.Urls);
    }

    [Fact]
    public async Task UrlsOfTheHostWinOverTheAppPort()
    {
        await using var service = await TestService.StartAsync(["--APP_PORT=1"]);
        Assert.NotEqual(1, service.Client.BaseAddress!.Port);
    }

    [Fact]
    public void AnAppPortThatIsNone_IsNamed()
    {
        var failure = Assert.Throws<InvalidOperationException>(() => ShopService.CreateBuilder(["--APP_PORT=80a"]));
        Assert.Contains("80a", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheContentRootIsTheProgramsFolder() =>
        Assert.Equal(AppContext.BaseDirectory.TrimEnd('/'), ShopService.CreateBuilder([]).Environment.ContentRootPath.TrimEnd('/'));

    [Fact]
    public async Task AnEventReachesATypedHandlerAsItsData()
    {
        await using var service = await TestService.StartAsync(map: app => app.MapPost("/events", (Order order) => order.Id).WithTopic("pubsub", "orders"));
        using var response = await service.Client.PostAsync("/events", new StringContent("""{"id":"e","datacontenttype":"application/json","data":{"id":"o1"}}""", Encoding.UTF8, "application/cloudevents+json"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("o1", await response.Content.ReadAsStringAsync());
        Assert.Equal("""[{"pubsubname":"pubsub","topic":"orders","route":"/events"}]""", await service.Client.GetStringAsync("/dapr/subscribe"));
    }

    private sealed record Order(string Id);
}
