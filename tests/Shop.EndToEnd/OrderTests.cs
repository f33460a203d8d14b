using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>Orders from the public door to the customer's notification, through real processes.</summary>
public abstract class OrderTests(ModeFixture mode)
{
    private ShopRun Shop => mode.Shop;

    [Fact]
    public async Task A_paid_order_is_confirmed_stock_is_sold_and_the_customer_is_told()
    {
        using var accepted = await Shop.PostOrderAsync("tok_ok", ("tea", 2), ("mug", 1), ("tea", 1));
        var answer = JsonNode.Parse(await accepted.Content.ReadAsStringAsync())!;
        var id = (string)answer["id"]!;
        var order = await Shop.SettledAsync(id);

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal($"/api/orders/{id}", accepted.Headers.Location?.ToString());
        Assert.Equal("Submitted", (string?)answer["status"]);
        Assert.Equal("Confirmed", (string?)order["status"]);
        Assert.Null(order["reason"]);
        Assert.Equal("c1", (string?)order["customerId"]);
        Assert.Equal(["OrderSubmitted", "StockReserved", "PaymentAuthorized", "OrderConfirmed"], Events(order));
        Assert.All(order["history"]!.AsArray(), entry => Assert.EndsWith("Z", (string?)entry!["at"], StringComparison.Ordinal));
        Assert.Equal([("tea", 3), ("mug", 1)], order["lines"]!.AsArray().Select(line => ((string)line!["sku"]!, (int)line["quantity"]!)));
        Assert.Equal(order["lines"]!.AsArray().Sum(line => (long)line!["unitPrice"]! * (int)line["quantity"]!), (long)order["total"]!);
        Assert.False(order.AsObject().ContainsKey("paymentToken"));

        var payment = await Eventually.GetAsync(
            async () => await Shop.AskAsync("payments", $"payments/{id}") is { } found && (string?)found["status"] == "Captured" ? found : null, "the capture");
        Assert.Equal((long)order["total"]!, (long)payment["amount"]!);
        var told = await Eventually.GetAsync(() => Shop.AskAsync("notifications", $"notifications/{id}"), "the notification");
        Assert.Contains("confirmed", (string?)told["message"], StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_declined_payment_cancels_the_order_and_releases_the_stock()
    {
        var order = await Shop.SettledAsync(await Shop.AcceptAsync("tok_broke", ("mug", 5)));

        Assert.Equal(("Cancelled", "PaymentDeclined"), ((string?)order["status"], (string?)order["reason"]));
        Assert.Equal(["OrderSubmitted", "StockReserved", "PaymentDeclined", "OrderCancelled"], Events(order));
        await NothingReservedAsync();
    }

    [Fact]
    public async Task A_silent_provider_is_a_decline_by_timeout()
    {
        var order = await Shop.SettledAsync(await Shop.AcceptAsync("tok_silent", ("tea", 1)));

        Assert.Equal(("Cancelled", "PaymentTimeout"), ((string?)order["status"], (string?)order["reason"]));
    }

    [Fact]
    public async Task An_order_that_cannot_be_filled_is_cancelled_whole()
    {
        var order = await Shop.SettledAsync(await Shop.AcceptAsync("tok_ok", ("tea", 1), ("kettle", 4)));

        Assert.Equal(("Cancelled", "OutOfStock"), ((string?)order["status"], (string?)order["reason"]));
        Assert.Equal(["OrderSubmitted", "StockRejected", "OrderCancelled"], Events(order));
        await NothingReservedAsync();
        Assert.Null(await Shop.AskAsync("payments", $"payments/{order["id"]}"));
    }

    [Fact]
    public async Task Every_wrong_field_is_named_in_one_problem()
    {
        using var wrong = await Shop.PostOrderAsync(JsonNode.Parse("""{"customerId":" ","lines":[{"sku":"sofa","quantity":1},{"sku":"tea","quantity":0}]}""")!);
        using var malformed = await Shop.Gateway.PostAsync("/api/orders", new StringContent("{\"customerId\":", Encoding.UTF8, "application/json"));
        using var many = await Shop.PostOrderAsync("tok_ok", [.. Enumerable.Repeat(("tea", 1), 51)]);
        var problem = JsonNode.Parse(await wrong.Content.ReadAsStringAsync())!;

        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Equal("application/problem+json", wrong.Content.Headers.ContentType?.MediaType);
        Assert.Equal(["customerId", "lines[0].sku", "lines[1].quantity", "paymentToken"], problem["errors"]!.AsObject().Select(error => error.Key).Order(StringComparer.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, malformed.StatusCode);
        Assert.Equal("application/problem+json", malformed.Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.BadRequest, many.StatusCode);
    }

    [Fact]
    public async Task An_idempotency_key_stands_for_one_order_also_for_twins()
    {
        var key = Guid.NewGuid().ToString();
        var twins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Shop.PostOrderAsync(ShopRun.Order("tok_ok", ("tea", 1)), key)));
        var ids = await Task.WhenAll(twins.Select(async twin => (string?)JsonNode.Parse(await twin.Content.ReadAsStringAsync())!["id"]));
        using var other = await Shop.PostOrderAsync(ShopRun.Order("tok_ok", ("tea", 2)), key);

        Assert.All(twins, twin => Assert.Equal(HttpStatusCode.Accepted, twin.StatusCode));
        Assert.Single(ids.Distinct());
        Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        await Shop.SettledAsync(ids[0]!);
    }

    [Fact]
    public async Task An_unknown_order_is_a_404_problem_and_products_are_listed()
    {
        using var unknown = await Shop.Gateway.GetAsync($"/api/orders/{Guid.NewGuid():N}");
        using var odd = await Shop.Gateway.GetAsync("/api/orders/%2e%2e%2fproducts%7c%7c");
        var products = JsonNode.Parse(await Shop.Gateway.GetStringAsync("/api/products"))!.AsArray();

        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("application/problem+json", unknown.Content.Headers.ContentType?.MediaType);
        Assert.Equal(HttpStatusCode.NotFound, odd.StatusCode);
        Assert.Equal(["kettle", "mug", "tea"], products.Select(product => (string)product!["sku"]!).Order(StringComparer.Ordinal));
        Assert.All(products, product => Assert.Equal(["sku", "name", "unitPrice", "available", "reserved", "sold"], product!.AsObject().Select(field => field.Key)));
    }

    [Fact]
    public async Task Two_hundred_orders_at_once_all_settle()
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Shop.AcceptAsync("tok_ok", ("tea", 1), ("mug", 2))));
        var started = TimeProvider.System.GetTimestamp();
        foreach (var id in ids)
            Assert.Equal("Confirmed", (string?)(await Shop.SettledAsync(id))["status"]);
        TestContext.Current.SendDiagnosticMessage($"200 orders settled {TimeProvider.System.GetElapsedTime(started).TotalSeconds:0.0} s after the last was accepted");
    }

    private Task NothingReservedAsync() => Eventually.TrueAsync(
        async () =>
        {
            var stock = await Shop.StockAsync();
            Assert.All(stock.Values, product => Assert.True(product.Available + product.Reserved + product.Sold is 10_000 or 3));
            return stock.Values.All(product => product.Reserved == 0);
        },
        "the release of all reserved stock");

    private static IEnumerable<string?> Events(JsonNode order) => order["history"]!.AsArray().Select(entry => (string?)entry!["event"]);
}

[Collection(nameof(CoHosted))]
public sealed class CoHostedOrderTests(CoHosted mode) : OrderTests(mode);

[Collection(nameof(Isolated))]
public sealed class IsolatedOrderTests(Isolated mode) : OrderTests(mode);
