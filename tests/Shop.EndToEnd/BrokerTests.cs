using TestSupport;

namespace Shop.EndToEnd;

/// <summary>The servers behind the components go away and come back while orders flow.</summary>
public sealed class BrokerTests
{
    private const int Orders = 2000;
    private const int Customers = 16;

    /// <summary>The sidecars find their servers again by themselves: nothing accepted is lost, nothing is done twice.</summary>
    [Fact]
    public async Task Servers_that_are_killed_in_the_middle_of_two_thousand_orders_cost_none_of_them()
    {
        Assert.SkipWhen(Backend.IsEmbedded, "the embedded set has no server");
        await using var shop = new ShopRun();
        await shop.StartReadyAsync(isolated: false);
        var books = new Books(shop);
        var (asked, gone) = (0, new TaskCompletionSource());
        var customers = Enumerable.Range(0, Customers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref asked) is var number && number <= Orders)
            {
                if (number == Orders / 3)
                    gone.SetResult();
                await AcceptedAsync(books, books.Note(ShopRun.Order(number % 10 == 0 ? "tok_broke" : "tok_ok", ("tea", 1), ("mug", 1))));
            }
        })).ToArray();

        await gone.Task.WithinAsync("a third of the orders");
        await shop.Backend.Events.RestartAsync();
        if (shop.Backend.State != shop.Backend.Events)
            await shop.Backend.State.RestartAsync();
        await Task.WhenAll(customers).WithinAsync("the rest of the orders to be accepted", TimeSpan.FromMinutes(5));

        await books.SettleAsync(all: true);
    }

    private static Task AcceptedAsync(Books books, Request request) => Eventually.TrueAsync(
        () => books.PostAsync(request), "the order to be accepted", TimeSpan.FromMinutes(2));
}
