using Shop.Inventory;
using TestSupport;

namespace Services.Tests.Inventory;

public sealed class ProductTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Take_HappensOncePerOrder_HoweverOftenItIsAskedFor()
    {
        var (once, first) = Kettle().Take("o1", 2);
        var (twice, second) = once.Take("o1", 2);

        Assert.Equal((Taking.Held, Taking.Held), (first, second));
        Assert.Same(once, twice);
        Assert.Equal((1, 2, 0), (once.Available, once.Reserved, once.Sold));
    }

    [Fact]
    public void Take_MoreThanThereIs_TakesNothing()
    {
        var kettle = Kettle();
        var (after, taking) = kettle.Take("o1", 4);
        Assert.Equal(Taking.Short, taking);
        Assert.Same(kettle, after);
    }

    [Fact]
    public void Sell_And_GiveBack_HappenOnce()
    {
        var taken = Kettle().Take("o1", 2).Product.Take("o2", 1).Product;
        var sold = taken.Sell("o1", Now).Sell("o1", Now).GiveBack("o1", Now);
        var back = sold.GiveBack("o2", Now).GiveBack("o2", Now).Sell("o2", Now);

        Assert.Equal((0, 1, 2), (sold.Available, sold.Reserved, sold.Sold));
        Assert.Equal((1, 0, 2), (back.Available, back.Reserved, back.Sold));
    }

    [Fact]
    public void Take_AfterTheOrderWasSettled_TakesNothing()
    {
        Assert.Equal(Taking.Settled, Kettle().Take("o1", 1).Product.Sell("o1", Now).Take("o1", 1).Taking);
        Assert.Equal(Taking.Settled, Kettle().Take("o1", 1).Product.GiveBack("o1", Now).Take("o1", 1).Taking);

        // Refused before this product was come to: a late duplicate may not take from it either.
        Assert.Equal(Taking.Settled, Kettle().GiveBack("o1", Now).Take("o1", 1).Taking);
    }

    [Fact]
    public void Settled_OrdersAreForgottenAfterTheirTime()
    {
        var clock = new FakeClock(Now);
        var product = Kettle().Take("o1", 1).Product.GiveBack("o1", clock.GetUtcNow());
        clock.Advance(Product.Memory);
        product = product.Take("o2", 1).Product.GiveBack("o2", clock.GetUtcNow());
        Assert.Equal(["o1", "o2"], product.Settled.Keys.Order());

        clock.Advance(TimeSpan.FromSeconds(1));
        product = product.Take("o3", 1).Product.GiveBack("o3", clock.GetUtcNow());
        Assert.Equal(["o2", "o3"], product.Settled.Keys.Order());
    }

    [Fact]
    public void AnySequenceOfChanges_ConservesTheStock()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var product = Product.New("tea", "Tea", 450, 50);
            for (var step = 0; step < 100; step++)
            {
                var order = $"o{random.Next(20)}";
                product = random.Next(4) switch
                {
                    0 or 1 => product.Take(order, random.Next(1, 10)).Product,
                    2 => product.Sell(order, Now),
                    _ => product.GiveBack(order, Now),
                };

                Assert.Equal(50, product.Available + product.Reserved + product.Sold);
                Assert.Equal(product.Reserved, product.Open.Values.Sum());
                Assert.True(product is { Available: >= 0, Sold: >= 0 });
            }
        }
    }

    private static Product Kettle() => Product.New("kettle", "Kettle", 8900, 3);
}
