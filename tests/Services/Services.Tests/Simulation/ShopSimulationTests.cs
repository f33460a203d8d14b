using System.Text.Json;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Inventory;
using Shop.Notifications;
using Shop.Orders;
using Shop.Payments;

namespace Services.Tests.Simulation;

public sealed class ShopSimulationTests
{
    private static readonly string[] Skus = ["tea", "mug", "kettle"];

    /// <summary>Each group of seeds covers every backend. SHOP_SIMULATION_GROUPS asks for more of them, for a long look.</summary>
    public static TheoryData<int> Groups =>
        [.. Enumerable.Range(0, int.TryParse(Environment.GetEnvironmentVariable("SHOP_SIMULATION_GROUPS"), out var groups) ? groups : 10)];

    [Theory]
    [MemberData(nameof(Groups))]
    public void WhateverIsKilledOrRepeated_EveryAcceptedOrderSettlesAndTheInvariantsHold(int group)
    {
        for (var seed = group * 12; seed < (group + 1) * 12; seed++)
        {
            try
            {
                Simulate(new SimulatedShop(seed, orders: 8, kills: 12, failures: 10));
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"Seed {seed} ({(Backend)(seed % 3)}) fails: {failure.Message}", failure);
            }
        }
    }

    [Fact]
    public void WithoutAnyFault_AllClientsAreServed()
    {
        var shop = new SimulatedShop(seed: 3, orders: 20, kills: 0, failures: 0);
        Simulate(shop);
        Assert.All(shop.Clients, client => Assert.NotNull(client.OrderId));
    }

    private static void Simulate(SimulatedShop shop)
    {
        shop.Run(() => StockIsConserved(shop));

        var orders = OrdersOf(shop);
        foreach (var client in shop.Clients.Where(client => client.OrderId is not null))
            Assert.Contains(client.OrderId, orders.Select(order => order.Id));
        foreach (var client in shop.Clients.Where(client => client.Key is not null))
            Assert.Single(orders, order => client.Body.Contains($"\"{order.CustomerId}\"", StringComparison.Ordinal));

        Assert.All(orders, order => IsSettled(shop, order));
        StockIsSettled(shop, orders);
        MoneyIsSettled(shop, orders);
        NobodyIsToldTwoThings(shop);
    }

    private static List<Order> OrdersOf(SimulatedShop shop) =>
        [.. shop.Store.Keys.Where(key => key.StartsWith("orders||order-", StringComparison.Ordinal))
            .Select(key => shop.Look("orders").Read<Order>(key["orders||".Length..])!)];

    private static List<Product> ProductsOf(SimulatedShop shop) =>
        [.. Skus.Select(sku => shop.Look("inventory").Read<Product>(Product.Key(sku))!)];

    private static void StockIsConserved(SimulatedShop shop)
    {
        foreach (var product in ProductsOf(shop))
        {
            Assert.Equal(product.Sku == "kettle" ? 3 : 10_000, product.Available + product.Reserved + product.Sold);
            Assert.Equal(product.Reserved, product.Open.Values.Sum());
            Assert.True(product.Available >= 0, $"{product.Available} {product.Sku} are available.");
        }
    }

    private static void IsSettled(SimulatedShop shop, Order order)
    {
        Assert.True(order.Status is OrderStatus.Confirmed or OrderStatus.Cancelled, $"Order {order.Id} ended {order.Status}.");
        Assert.Equal(order.Status == OrderStatus.Cancelled, order.Reason is not null);
        Assert.Equal(order.History.Count, order.History.Select(entry => entry.Event).Distinct().Count());

        var told = shop.Look("notifications").Read<Notification>(Notification.Key(order.Id));
        Assert.NotNull(told);
        Assert.Contains(order.Status == OrderStatus.Confirmed ? "confirmed" : "cancelled", told.Message, StringComparison.Ordinal);
    }

    private static void StockIsSettled(SimulatedShop shop, List<Order> orders)
    {
        foreach (var product in ProductsOf(shop))
        {
            Assert.Equal(0, product.Reserved);
            Assert.Equal(
                orders.Where(order => order.Status == OrderStatus.Confirmed)
                    .SelectMany(order => order.Lines).Where(line => line.Sku == product.Sku).Sum(line => line.Quantity),
                product.Sold);
        }
    }

    private static void MoneyIsSettled(SimulatedShop shop, List<Order> orders)
    {
        foreach (var order in orders)
        {
            var account = shop.Provider.Of(order.Id);
            Assert.Equal(0, account.Held);
            Assert.Equal(order.Status == OrderStatus.Confirmed ? order.Total : 0, account.Charged);

            var payment = shop.Look("payments").Read<Payment>(Payment.Key(order.Id));
            Assert.Equal(order.Status == OrderStatus.Confirmed, payment?.Status == PaymentStatus.Captured);
        }
    }

    private static void NobodyIsToldTwoThings(SimulatedShop shop)
    {
        foreach (var told in shop.Bus.Published.GroupBy(published => (published.Type, OrderOf(published))))
            Assert.Single(told.Select(published => published.Text).Distinct());

        foreach (var order in shop.Bus.Published.GroupBy(OrderOf))
        {
            var types = order.Select(published => published.Type).ToHashSet();
            Assert.False(types.IsSupersetOf([OrderConfirmed.Type, OrderCancelled.Type]), $"Order {order.Key} was confirmed and cancelled.");
            Assert.False(types.IsSupersetOf([StockReserved.Type, StockRejected.Type]), $"Order {order.Key} was reserved and rejected.");
            Assert.False(types.IsSupersetOf([PaymentAuthorized.Type, PaymentDeclined.Type]), $"Order {order.Key} was paid and declined.");
        }
    }

    private static string OrderOf(Published published)
    {
        using var data = JsonDocument.Parse(published.Data);
        return data.RootElement.GetProperty("orderId").GetString()!;
    }
}
