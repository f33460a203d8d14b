using System.Net;
using System.Text.Json;
using Dapr;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Services.Tests.Fakes;
using Shop.Contracts;
using Shop.Inventory;
using Shop.ServiceDefaults;
using TestSupport;

namespace Services.Tests.Inventory;

public sealed class InventoryApiTests
{
    [Fact]
    public async Task Products_StartWithTheStockPromised()
    {
        await using var inventory = await StartAsync();
        await ReadyAsync(inventory);
        using var products = JsonDocument.Parse(await inventory.Client.GetStringAsync("/products"));

        Assert.Equal(
            [("tea", 10_000), ("mug", 10_000), ("kettle", 3)],
            products.RootElement.EnumerateArray().Select(product => (product.GetProperty("sku").GetString()!, product.GetProperty("available").GetInt32())));
        Assert.All(products.RootElement.EnumerateArray(), product => Assert.Equal(
            ["sku", "name", "unitPrice", "available", "reserved", "sold"], product.EnumerateObject().Select(member => member.Name)));
    }

    [Fact]
    public async Task Catalog_IsNotReadyBeforeTheStoreIs_AndNeverOverwritesStock()
    {
        var dapr = new FakeDapr(new FakeStore(), new FakeBus()) { Failure = new DaprException("not yet") };
        dapr.Store.Save("app||product-kettle", JsonSerializer.SerializeToUtf8Bytes(Product.New("kettle", "Old kettle", 1, 1), FakeDapr.Json), null, true);
        await using var inventory = await StartAsync(dapr);
        using (var ready = await inventory.Client.GetAsync("/readyz"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
        using (var prices = await inventory.Client.GetAsync("/prices"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, prices.StatusCode);

        dapr.Failure = null;
        await ReadyAsync(inventory);
        Assert.Equal("Old kettle", dapr.Read<Product>("product-kettle")!.Name);
        using var known = JsonDocument.Parse(await inventory.Client.GetStringAsync("/prices"));
        Assert.Equal((450, 1), (known.RootElement.GetProperty("tea").GetInt64(), known.RootElement.GetProperty("kettle").GetInt64()));
    }

    [Fact]
    public async Task RefusedLine_GivesBackTheLinesBeforeIt()
    {
        await using var inventory = await StartAsync();
        await ReadyAsync(inventory);
        var reservations = inventory.Services.GetRequiredService<Reservations>();

        await reservations.OnAsync(Order("o1", ("tea", 5), ("kettle", 4)), CancellationToken.None);

        Assert.Equal("kettle", JsonSerializer.Deserialize<StockRejected>(Assert.Single(inventory.Dapr.Bus.Published).Data, FakeDapr.Json)!.Sku);
        Assert.Equal((10_000, 0), Stock(inventory, "tea"));
        Assert.Equal((3, 0), Stock(inventory, "kettle"));
    }

    [Fact]
    public async Task EndOfAnOrderWhoseStockIsUndecided_ComesAgain()
    {
        await using var inventory = await StartAsync();
        var reservations = inventory.Services.GetRequiredService<Reservations>();
        Assert.Equal(EventStatus.Retry, await reservations.OnAsync(new OrderConfirmed("o1", "c1", 1), CancellationToken.None));
        Assert.Equal(EventStatus.Retry, await reservations.OnAsync(new OrderCancelled("o1", "c1", CancelReason.OutOfStock), CancellationToken.None));
    }

    [Fact]
    public async Task RepeatedSubmission_TellsTheFirstDecisionAgain_EvenAfterTheEnd()
    {
        await using var inventory = await StartAsync();
        await ReadyAsync(inventory);
        var reservations = inventory.Services.GetRequiredService<Reservations>();
        var order = Order("o1", ("kettle", 3));

        await reservations.OnAsync(order, CancellationToken.None);
        await reservations.OnAsync(new OrderConfirmed("o1", "c1", 1), CancellationToken.None);
        await reservations.OnAsync(order, CancellationToken.None);

        Assert.Equal(["o1.stock.reserved", "o1.stock.reserved"], inventory.Dapr.Bus.Published.Select(published => published.Id));
        Assert.Equal((0, 3), (inventory.Dapr.Read<Product>("product-kettle")!.Available, inventory.Dapr.Read<Product>("product-kettle")!.Sold));
    }

    [Fact]
    public async Task MoreOrdersThanKettles_ReserveExactlyThoseThatThereAre()
    {
        var dapr = new FakeDapr(new FakeStore(), new FakeBus(), around: async _ => await Task.Yield());
        await using var inventory = await StartAsync(dapr);
        await ReadyAsync(inventory);
        var reservations = inventory.Services.GetRequiredService<Reservations>();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(index =>
            reservations.OnAsync(Order($"o{index}", ("kettle", 1), ("tea", 1)), CancellationToken.None)));

        Assert.Equal(3, dapr.Bus.OfType("stock.reserved").Count);
        Assert.Equal(17, dapr.Bus.OfType("stock.rejected").Count);
        Assert.Equal((9_997, 3), Stock(inventory, "tea"));
    }

    [Fact]
    public async Task OrdersOfOneProduct_ThatComeTogether_AreWrittenTogether()
    {
        var counted = 0;
        var gate = new TaskCompletionSource();
        var dapr = new FakeDapr(new FakeStore(), new FakeBus(), around: async _ =>
        {
            Interlocked.Increment(ref counted);
            await gate.Task;
        });
        var writer = new ProductWriter(dapr);
        dapr.Store.Save("app||product-tea", JsonSerializer.SerializeToUtf8Bytes(Product.New("tea", "Tea", 1, 100), FakeDapr.Json), null, true);

        var changes = Enumerable.Range(0, 101).Select(index => writer.ChangeAsync("tea", product => product!.Take($"o{index}", 1), CancellationToken.None)).ToList();
        gate.SetResult();
        var takings = await Task.WhenAll(changes);

        // The first finds nobody else; the others wait for it, and are one. A write is a read and a save, each seen before and after.
        Assert.Equal(100, takings.Count(taking => taking == Taking.Held));
        Assert.Single(takings, Taking.Short);
        Assert.Equal((0, 100), (dapr.Read<Product>("product-tea")!.Available, dapr.Read<Product>("product-tea")!.Reserved));
        Assert.Equal(2 * 4, counted);
    }

    [Fact]
    public async Task ChangeThatIsGivenUp_HoldsNobodyElseUp()
    {
        var gate = new TaskCompletionSource();
        var dapr = new FakeDapr(new FakeStore(), new FakeBus(), around: _ => gate.Task);
        var writer = new ProductWriter(dapr);
        dapr.Store.Save("app||product-tea", JsonSerializer.SerializeToUtf8Bytes(Product.New("tea", "Tea", 1, 100), FakeDapr.Json), null, true);
        using var impatience = new CancellationTokenSource();

        var writing = writer.ChangeAsync("tea", product => product!.Take("o1", 1), impatience.Token);
        var waiting = writer.ChangeAsync("tea", product => product!.Take("o2", 1), impatience.Token);
        var patient = writer.ChangeAsync("tea", product => product!.Take("o3", 1), CancellationToken.None);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WithinAsync("the end of the one that waited"));
        gate.SetResult();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WithinAsync("the end of the one that wrote"));
        Assert.Equal(Taking.Held, await patient);
        Assert.Equal(["o3"], dapr.Read<Product>("product-tea")!.Open.Keys);
    }

    [Fact]
    public async Task HandlerThatWasStoppedForLong_LooksAgainBeforeItTakesStock()
    {
        var clock = new FakeClock();
        var store = new FakeStore();
        var stopped = new TaskCompletionSource();
        var calls = 0;
        var other = new FakeDapr(store, new FakeBus());
        store.Save("app||product-tea", JsonSerializer.SerializeToUtf8Bytes(Product.New("tea", "Tea", 1, 100), FakeDapr.Json), null, true);

        // Stopped when it has read the reservation, before it reads the product.
        var frozen = new FakeDapr(store, new FakeBus(), around: _ => ++calls == 3 ? stopped.Task : Task.CompletedTask);
        var late = On(frozen, clock).OnAsync(Order("o1", ("tea", 5)), CancellationToken.None);
        var inTime = On(other, clock);
        await inTime.OnAsync(Order("o1", ("tea", 5)), CancellationToken.None);
        await inTime.OnAsync(new OrderConfirmed("o1", "c1", 1), CancellationToken.None);

        // Long enough for the settled order to be forgotten.
        clock.Advance(TimeSpan.FromMinutes(10));
        await inTime.OnAsync(Order("o2", ("tea", 1)), CancellationToken.None);
        await inTime.OnAsync(new OrderConfirmed("o2", "c1", 1), CancellationToken.None);
        stopped.SetResult();

        Assert.Equal(EventStatus.Retry, await late);
        Assert.Equal((94, 0), (other.Read<Product>("product-tea")!.Available, other.Read<Product>("product-tea")!.Reserved));
    }

    private static Reservations On(FakeDapr dapr, TimeProvider clock) =>
        new(dapr, new ProductWriter(dapr), clock, NullLogger<Reservations>.Instance);

    private static (int Available, int Reserved) Stock(ServiceHost inventory, string sku)
    {
        var product = inventory.Dapr.Read<Product>(Product.Key(sku))!;
        return (product.Available, product.Reserved);
    }

    private static OrderSubmitted Order(string id, params (string Sku, int Quantity)[] lines) =>
        new(id, "c1", [.. lines.Select(line => new OrderLine(line.Sku, line.Quantity, 1))], 1);

    private static Task ReadyAsync(ServiceHost inventory) => Eventually.TrueAsync(
        async () =>
        {
            using var ready = await inventory.Client.GetAsync("/readyz");
            return ready.IsSuccessStatusCode;
        },
        "the catalog to be in place");

    private static Task<ServiceHost> StartAsync(FakeDapr? dapr = null) => ServiceHost.StartAsync(
        services => services.AddSingleton<ProductWriter>().AddSingleton<Reservations>().AddSingleton<Catalog>()
            .AddSingleton<IReadiness>(provider => provider.GetRequiredService<Catalog>())
            .AddHostedService(provider => provider.GetRequiredService<Catalog>()),
        app => app.MapInventory(),
        dapr);
}
