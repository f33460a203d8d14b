using System.Net.Http.Json;
using Dapr.Client;
using Sdk.Tests.Fakes;

namespace Sdk.Tests.Client;

public sealed class InvocationTests : FakeSidecarTests
{
    [Fact]
    public async Task InvokeHttpClient_RewritesTheHostToTheSidecarsInvokeRoute()
    {
        using var client = DaprClient.CreateInvokeHttpClient(daprEndpoint: Sidecar.Endpoint, daprApiToken: "t");
        using var request = new HttpRequestMessage(HttpMethod.Get, "http://orders/path/a%2Fb?x=1&y=%20");
        using var response = await client.SendAsync(request);

        Assert.Equal("/v1.0/invoke/orders/method/path/a%2Fb?x=1&y=%20", Sidecar.Only.Target);
        Assert.Equal("t", Sidecar.Only.Headers["dapr-api-token"]);
        Assert.Equal("http://orders/path/a%2Fb?x=1&y=%20", request.RequestUri!.AbsoluteUri);
        Assert.False(request.Headers.Contains("dapr-api-token"));
    }

    [Fact]
    public async Task InvokableHttpClient_OfAnApp_TakesRelativeAddressesAndKeepsTheCaseOfTheAppId()
    {
        using var dapr = Sidecar.CreateClient(builder => builder.UseDaprApiToken("t"));
        using var client = dapr.CreateInvokableHttpClient("MyOrders");
        using var response = await client.PostAsJsonAsync("/api/orders", new { Sku = "tea" });

        Assert.Equal("POST /v1.0/invoke/MyOrders/method/api/orders", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.Equal("""{"sku":"tea"}""", Sidecar.Only.Body);
        Assert.Equal("t", Sidecar.Only.Headers["dapr-api-token"]);
    }

    [Fact]
    public async Task InvokeHttpClient_HandsTheCalleesAnswerOnWhateverItsStatus()
    {
        Sidecar.AnswerWith(404, "{}");
        using var client = DaprClient.CreateInvokeHttpClient("orders", Sidecar.Endpoint);
        using var response = await client.GetAsync("/none");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task InvokeHttpClient_DisposingOneClient_LeavesOthersWorking()
    {
        DaprClient.CreateInvokeHttpClient("orders", Sidecar.Endpoint).Dispose();
        using var client = DaprClient.CreateInvokeHttpClient("orders", Sidecar.Endpoint);
        using var response = await client.GetAsync("/x");
        Assert.Equal(System.Net.HttpStatusCode.NoContent, response.StatusCode);
    }

    [Fact]
    public async Task InvokeHttpClient_WithAnAddressThatIsNoApp_SaysWhatIsExpected()
    {
        using var invoker = new HttpMessageInvoker(new InvocationHandler { DaprEndpoint = Sidecar.Endpoint, InnerHandler = new SocketsHttpHandler() });
        using var request = new HttpRequestMessage(HttpMethod.Get, "ftp://orders/x");
        var failure = await Assert.ThrowsAsync<ArgumentException>(() => invoker.SendAsync(request, CancellationToken.None));
        Assert.Contains("http://app-id/path", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void CreateInvokeHttpClient_WithAnImpossibleAppId_Throws() =>
        Assert.Throws<ArgumentException>(() => DaprClient.CreateInvokeHttpClient("not a host", Sidecar.Endpoint));

    [Fact]
    public async Task CreateInvokeMethodRequest_IsAddressedToTheSidecarWithQueryBodyAndToken()
    {
        using var dapr = Sidecar.CreateClient(builder => builder.UseDaprApiToken("t"));
        using var request = dapr.CreateInvokeMethodRequest(HttpMethod.Put, "orders", "/api/orders?a=1", [new("b", "2 3")], new { Sku = "tea" });
        using var http = new HttpClient();
        using var response = await http.SendAsync(request);

        Assert.Equal("PUT /v1.0/invoke/orders/method/api/orders?a=1&b=2%203", $"{Sidecar.Only.Method} {Sidecar.Only.Target}");
        Assert.Equal("""{"sku":"tea"}""", Sidecar.Only.Body);
        Assert.Equal("t", Sidecar.Only.Headers["dapr-api-token"]);
        Assert.Equal(HttpMethod.Post, dapr.CreateInvokeMethodRequest("orders", "x").Method);
    }
}
