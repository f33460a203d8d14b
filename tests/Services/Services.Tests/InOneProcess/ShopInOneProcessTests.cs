using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Shop.Contracts;
using Shop.Gateway;
using Shop.Inventory;
using Shop.Notifications;
using Shop.Orders;
using Shop.Payments;
using Sidecar.Testing;
using TestSupport;

namespace Services.Tests.InOneProcess;

/// <summary>
/// The whole shop, each service by its own <c>Program</c> with its own sidecar, on the components and subscriptions that it ships
/// with; time, faults and crashes are the test's.
/// </summary>
public sealed class ShopInOneProcessTests
{
    [Fact]
    public async Task An_order_is_confirmed_paid_and_told_and_its_trace_runs_through_every_service()
    {
        await using var shop = await StartAsync();

        var id = await OrderAsync(shop, "tok_ok", ("tea", 2));
        await shop.DeliveredAsync("pubsub", "orders", confirmed => confirmed.Type == OrderConfirmed.Type, to: "notifications");
        await shop.StateSavedAsync("statestore", Payment.Key(id), saved => saved.As<JsonNode>()!["status"]!.ToString() == "Captured");

        var order = (await shop["orders"].Client.GetFromJsonAsync<JsonNode>($"/orders/{id}"))!;
        Assert.Equal("Confirmed", (string?)order["status"]);

        // In any order: a publisher may hear that the broker has its message after somebody who got it has published the next.
        string[] types = ["order.confirmed", "order.submitted", "payment.authorized", "payment.requested", "stock.reserved"];
        foreach (var type in types)
            await shop.EventAsync<MessagePublished>($"a message {type}", message => IsOfShop(message) && message.Type == type);
        Assert.Equal(types, shop.Events.OfType<MessagePublished>().Where(IsOfShop).Select(message => message.Type).Order(StringComparer.Ordinal));

        // Down to the notification, all is one trace of the customer's request.
        var trace = (await shop.Spans.SpanAsync("CallLocal/orders/orders")).TraceId;
        await Eventually.TrueAsync(
            () => shop.Spans.OfTrace(trace).Select(span => (string?)span.GetTagItem("dapr.app_id")).ToHashSet().IsSupersetOf(["gateway", "orders", "inventory", "payments", "notifications"]),
            "spans of all services in the trace");
    }

    [Fact]
    public async Task A_silent_provider_is_a_decline_once_its_five_seconds_are_over()
    {
        await using var shop = await StartAsync(host => host.WithFakeClock());

        var id = await OrderAsync(shop, "tok_silent", ("mug", 1));
        await shop.PublishedAsync("pubsub", "payments", message => message.Type == PaymentRequested.Type);
        await Eventually.TrueAsync(
            () =>
            {
                shop.Clock.Advance(TimeSpan.FromSeconds(1));
                return shop.Events.OfType<MessagePublished>().Any(message => message.Type == OrderCancelled.Type);
            },
            "the cancellation");

        var order = (await shop["orders"].Client.GetFromJsonAsync<JsonNode>($"/orders/{id}"))!;
        Assert.Equal(("Cancelled", "PaymentTimeout"), ((string?)order["status"], (string?)order["reason"]));
    }

    [Fact]
    public async Task While_inventory_cannot_be_reached_nothing_is_accepted()
    {
        await using var shop = await StartAsync();
        using var fault = shop.Faults.App("inventory", Fail.WithStatus(500), path: "/prices");

        using var refused = await PostAsync(shop, "tok_ok", ("tea", 1));

        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.DoesNotContain(shop.Events.OfType<StateSaved>(), saved => saved.Key.StartsWith("order-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_reservation_whose_answer_was_lost_is_made_once()
    {
        await using var shop = await StartAsync(host => host.WithFakeClock());
        using var fault = shop.Faults.App("inventory", Fail.AfterDoing(), path: $"/events/{OrderSubmitted.Type}", times: 1);

        await OrderAsync(shop, "tok_ok", ("kettle", 2));
        await fault.HitAsync();
        await Eventually.TrueAsync(
            () =>
            {
                // In steps that are small beside the payment provider's 5 s: a call under way must not run out of time.
                shop.Clock.Advance(TimeSpan.FromMilliseconds(50));
                var delivered = shop.Events.OfType<MessageDelivered>().ToList();
                return delivered.Count(message => message.Type == OrderConfirmed.Type && message.IsSuccess) == 3
                    && delivered.Any(message => message.AppId == "inventory" && message.Type == OrderSubmitted.Type && message.IsSuccess);
            },
            "the confirmation at its three receivers, and the order at inventory, taken the second time");

        var products = (await shop["inventory"].Client.GetFromJsonAsync<JsonArray>("/products"))!;
        var kettle = products.Single(product => (string?)product!["sku"] == "kettle")!;
        Assert.Equal((1, 0, 2), ((int)kettle["available"]!, (int)kettle["reserved"]!, (int)kettle["sold"]!));
    }

    [Fact]
    public async Task An_order_survives_the_death_of_every_sidecar_on_its_way()
    {
        await using var shop = await StartAsync();
        var id = await OrderAsync(shop, "tok_ok", ("tea", 1));
        foreach (var app in new[] { "orders", "inventory", "payments" })
        {
            await shop[app].CrashSidecarAsync();
            await shop[app].StartSidecarAsync();
        }

        await Eventually.TrueAsync(
            async () => (string?)(await shop["orders"].Client.GetFromJsonAsync<JsonNode>($"/orders/{id}"))!["status"] == "Confirmed", $"the confirmation of {id}");
    }

    private static bool IsOfShop(MessagePublished message) => message.Topic is "orders" or "stock" or "payments";

    private static async Task<DaprTestHost> StartAsync(Action<DaprTestHostBuilder>? configure = null)
    {
        var shop = await DaprTestHost.StartAsync(host =>
        {
            host.Resources("components/embedded")
                .Resources("config")
                .File("config/secrets.json", "{}")
                .App<Forwarder>("gateway")
                .App<Order>("orders")
                .App<Product>("inventory")
                .App<Payment>("payments")
                .App<Notification>("notifications");
            configure?.Invoke(host);
        });
        await Eventually.TrueAsync(
            async () =>
            {
                // The gateway gives a service a second to say that it is ready.
                if (configure is not null)
                    shop.Clock.Advance(TimeSpan.FromMilliseconds(100));
                using var ready = await shop["gateway"].Client.GetAsync("/readyz");
                return ready.IsSuccessStatusCode;
            },
            "every service to be ready");
        return shop;
    }

    private static async Task<string> OrderAsync(DaprTestHost shop, string token, params (string Sku, int Quantity)[] lines)
    {
        using var accepted = await PostAsync(shop, token, lines);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return (string)(await accepted.Content.ReadFromJsonAsync<JsonNode>())!["id"]!;
    }

    private static Task<HttpResponseMessage> PostAsync(DaprTestHost shop, string token, params (string Sku, int Quantity)[] lines) => shop["gateway"].Client.PostAsJsonAsync(
        "/api/orders", new { customerId = "c1", lines = lines.Select(line => new { sku = line.Sku, quantity = line.Quantity }), paymentToken = token });
}
