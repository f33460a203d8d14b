using System.Net;
using System.Text;
using System.Text.Json;
using Dapr;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Orders;

namespace Services.Tests.Orders;

public sealed class OrdersApiTests
{
    private const string Tea = """{"customerId":"c1","lines":[{"sku":"tea","quantity":2}],"paymentToken":"tok_ok"}""";
    private const string Mug = """{"customerId":"c1","lines":[{"sku":"mug","quantity":2}],"paymentToken":"tok_ok"}""";

    [Fact]
    public async Task Submit_AnswersWhereTheOrderIs_AndStoresItWithItsEvent()
    {
        await using var orders = await StartAsync();
        using var response = await PostAsync(orders, Tea);
        using var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        var id = body.RootElement.GetProperty("id").GetString()!;

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/orders/{id}", response.Headers.Location!.OriginalString);
        Assert.Equal($$"""{"id":"{{id}}","status":"Submitted"}""", body.RootElement.GetRawText());
        var submitted = JsonSerializer.Deserialize<OrderSubmitted>(Assert.Single(orders.Dapr.Bus.OfType("order.submitted")).Data, FakeDapr.Json)!;
        Assert.Equal((id, "c1", 900), (submitted.OrderId, submitted.CustomerId, submitted.Total));
        Assert.Equal([new OrderLine("tea", 2, 450)], submitted.Lines);
    }

    [Fact]
    public async Task Get_ShowsTheOrderInTheShapePromised_WithoutThePaymentToken()
    {
        await using var orders = await StartAsync();
        var id = await SubmitAsync(orders, Tea);
        using var view = JsonDocument.Parse(await orders.Client.GetStringAsync($"/orders/{id}"));

        Assert.Equal(
            ["id", "customerId", "status", "reason", "lines", "total", "history"], view.RootElement.EnumerateObject().Select(member => member.Name));
        Assert.Equal("""[{"sku":"tea","quantity":2,"unitPrice":450}]""", view.RootElement.GetProperty("lines").GetRawText());
        Assert.Equal(JsonValueKind.Null, view.RootElement.GetProperty("reason").ValueKind);
        var entry = Assert.Single(view.RootElement.GetProperty("history").EnumerateArray());
        Assert.Equal("OrderSubmitted", entry.GetProperty("event").GetString());
        Assert.EndsWith("Z", entry.GetProperty("at").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0123456789abcdef0123456789abcdef")]
    [InlineData("x||y")]
    [InlineData("nonsense")]
    public async Task Get_UnknownOrder_Is404WithProblemDetails(string id)
    {
        await using var orders = await StartAsync();
        using var response = await orders.Client.GetAsync($"/orders/{id}");
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{\"customerId\":\"c1\",}")]
    public async Task Submit_MalformedJson_Is400WithProblemDetails(string body)
    {
        await using var orders = await StartAsync();
        using var response = await PostAsync(orders, body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
    }

    [Fact]
    public async Task Submit_WrongFieldsAndUnknownProducts_AreNamedTogether()
    {
        await using var orders = await StartAsync();
        using var response = await PostAsync(orders, """{"lines":[{"sku":"unicorn","quantity":1},{"sku":"tea","quantity":0}],"paymentToken":"t"}""", key: new string('k', 256));
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(
            ["Idempotency-Key", "customerId", "lines[0].sku", "lines[1].quantity"],
            problem.RootElement.GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
        Assert.Empty(orders.Dapr.Store.Keys);
    }

    [Fact]
    public async Task Submit_TotalBeyondAllCounting_Is400()
    {
        await using var orders = await StartAsync(StubHandler.Prices($$"""{"tea":{{long.MaxValue}}}"""));
        using var response = await PostAsync(orders, Tea);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task Submit_WhileInventoryIsDown_Is503AndNothingIsAccepted()
    {
        using var down = new HttpClient(new StubHandler(_ => StubHandler.Reply(
            HttpStatusCode.InternalServerError, """{"errorCode":"ERR_DIRECT_INVOKE","message":"failed"}""")))
        { BaseAddress = new Uri("http://inventory") };
        await using var orders = await StartAsync(down);
        using var response = await PostAsync(orders, Tea, key: "k");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        Assert.Empty(orders.Dapr.Store.Keys);
        Assert.Empty(orders.Dapr.Bus.Published);
    }

    [Fact]
    public async Task Submit_WhileTheStoreFails_Is503()
    {
        await using var orders = await StartAsync();
        orders.Dapr.Failure = new DaprException("down");
        using var response = await PostAsync(orders, Tea);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData(Backend.Sqlite)]
    [InlineData(Backend.Postgres)]
    [InlineData(Backend.Redis)]
    public async Task IdempotencyKey_SameBody_IsTheSameOrder_AndAnotherBodyIs422(Backend backend)
    {
        await using var orders = await StartAsync(dapr: new FakeDapr(new FakeStore(backend), new FakeBus()));
        var first = await SubmitAsync(orders, Tea, "k");

        Assert.Equal(first, await SubmitAsync(orders, Tea.Replace(",", " , ", StringComparison.Ordinal), "k"));
        using var other = await PostAsync(orders, Mug, "k");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal("application/problem+json", other.Content.Headers.ContentType!.MediaType);
        Assert.NotEqual(first, await SubmitAsync(orders, Tea, "other"));
        Assert.NotEqual(first, await SubmitAsync(orders, Tea));
        Assert.Equal(3, orders.Dapr.Bus.OfType("order.submitted").Count);
    }

    [Theory]
    [InlineData(Backend.Sqlite)]
    [InlineData(Backend.Postgres)]
    [InlineData(Backend.Redis)]
    public async Task IdempotencyKey_ConcurrentTwins_AreOneOrder(Backend backend)
    {
        // Each call steps aside, so that the twins meet inside of one another's steps.
        var dapr = new FakeDapr(new FakeStore(backend), new FakeBus(), around: async _ => await Task.Yield());
        await using var orders = await StartAsync(dapr: dapr);
        var ids = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SubmitAsync(orders, Tea, "twins")));

        Assert.Single(ids.Distinct());
        Assert.Single(dapr.Bus.OfType("order.submitted"));
    }

    [Fact]
    public async Task IdempotencyKey_FirstRequestDiedBeforeTheInsert_IsFinishedByTheNext()
    {
        var died = false;
        var calls = 0;
        var dapr = new FakeDapr(new FakeStore(), new FakeBus(), around: after =>
        {
            // The third call is the insert: lookup of the key, its record, the transaction.
            calls += after ? 0 : 1;
            return calls >= 3 && !died ? Task.FromException(new DaprException("died")) : Task.CompletedTask;
        });
        await using var orders = await StartAsync(dapr: dapr);
        using var first = await PostAsync(orders, Tea, "k");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, first.StatusCode);
        Assert.Empty(dapr.Bus.Published);

        died = true;
        var id = await SubmitAsync(orders, Tea, "k");
        Assert.Equal(id, await SubmitAsync(orders, Tea, "k"));
        Assert.Single(dapr.Bus.OfType("order.submitted"));
    }

    [Theory]
    [InlineData(255, HttpStatusCode.Accepted)]
    [InlineData(256, HttpStatusCode.BadRequest)]
    public async Task IdempotencyKey_HasALongestLength(int length, HttpStatusCode expected)
    {
        await using var orders = await StartAsync();
        using var response = await PostAsync(orders, Tea, new string('k', length));
        Assert.Equal(expected, response.StatusCode);
    }

    [Fact]
    public async Task Facts_DriveTheOrder_AndRepeatedOnesPublishTheSameEventAgain()
    {
        await using var orders = await StartAsync();
        var id = await SubmitAsync(orders, Tea);

        for (var times = 0; times < 2; times++)
            Assert.Equal("SUCCESS", await DeliverAsync(orders, "stock.reserved", $$"""{"orderId":"{{id}}"}"""));
        for (var times = 0; times < 2; times++)
            Assert.Equal("SUCCESS", await DeliverAsync(orders, "payment.authorized", $$"""{"orderId":"{{id}}","amount":900}"""));

        Assert.Equal(OrderStatus.Confirmed, orders.Dapr.Read<Order>(Order.Key(id))!.Status);
        Assert.Equal([$"{id}.payment.requested"], orders.Dapr.Bus.OfType("payment.requested").Select(published => published.Id).Distinct());
        Assert.Equal([$"{id}.order.confirmed"], orders.Dapr.Bus.OfType("order.confirmed").Select(published => published.Id).Distinct());
        Assert.Equal(2, orders.Dapr.Bus.OfType("order.confirmed").Count);
    }

    [Theory]
    [InlineData("""{"orderId":"0123456789abcdef0123456789abcdef"}""", "RETRY")]
    [InlineData("""{"wrong":1}""", "DROP")]
    [InlineData("""{"orderId":null}""", "DROP")]
    [InlineData("\"text\"", "DROP")]
    [InlineData("null", "DROP")]
    public async Task Fact_OfAnOrderNotYetVisibleComesAgain_AndWhatIsNoFactIsDropped(string data, string status)
    {
        await using var orders = await StartAsync();
        Assert.Equal(status, await DeliverAsync(orders, "stock.reserved", data));
    }

    [Fact]
    public async Task Fact_WhileTheStoreFails_ComesAgain()
    {
        await using var orders = await StartAsync();
        orders.Dapr.Failure = new DaprException("down");
        Assert.Equal("RETRY", await DeliverAsync(orders, "stock.reserved", """{"orderId":"1"}"""));
    }

    private static Task<ServiceHost> StartAsync(HttpClient? inventory = null, FakeDapr? dapr = null) => ServiceHost.StartAsync(
        services => services.AddSingleton<OrderPlacement>().AddSingleton<OrderIntake>().AddSingleton<OrderProgress>()
            .AddSingleton(new PriceList(inventory ?? StubHandler.Prices(), NullLogger<PriceList>.Instance)),
        app => app.MapOrders(),
        dapr);

    private static async Task<string> SubmitAsync(ServiceHost orders, string body, string? key = null)
    {
        using var response = await PostAsync(orders, body, key);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        using var accepted = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return accepted.RootElement.GetProperty("id").GetString()!;
    }

    private static async Task<HttpResponseMessage> PostAsync(ServiceHost orders, string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return await orders.Client.SendAsync(request);
    }

    private static async Task<string> DeliverAsync(ServiceHost orders, string type, string data)
    {
        var envelope = $$"""{"specversion":"1.0","id":"1","source":"t","type":"{{type}}","datacontenttype":"application/json","data":{{data}}}""";
        using var content = new StringContent(envelope, Encoding.UTF8, "application/cloudevents+json");
        using var response = await orders.Client.PostAsync($"/events/{type}", content);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.GetProperty("status").GetString()!;
    }
}
