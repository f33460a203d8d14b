using System.Diagnostics;
using System.Net;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>Parts of the shop that are missing, late or killed.</summary>
public sealed class FaultTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_inventory_nothing_is_accepted_and_the_rest_lives_on(bool isolated)
    {
        await using var shop = new ShopRun();
        await shop.StartReadyAsync(isolated);
        var settled = await shop.AcceptAsync("tok_ok", ("tea", 1));
        await shop.SettledAsync(settled);

        using (var inventory = Process.GetProcessById(await shop.AppPidAsync("inventory")))
            inventory.Kill();
        await shop.Process.LineAsync(line => line.Contains("inventory", StringComparison.Ordinal) && line.Contains("exit", StringComparison.Ordinal), "the report of inventory's end");
        using var order = await Eventually.GetAsync(
            async () => await shop.PostOrderAsync("tok_ok", ("tea", 1)) is { StatusCode: HttpStatusCode.ServiceUnavailable } refused ? refused : null, "503 without inventory");
        using var products = await shop.Gateway.GetAsync("/api/products");

        Assert.NotNull(order.Headers.RetryAfter);
        Assert.Equal("application/problem+json", order.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("ERR_", await order.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, products.StatusCode);
        Assert.NotNull(products.Headers.RetryAfter);
        Assert.Equal("Confirmed", (string?)(await shop.GetOrderAsync(settled))["status"]);
        Assert.False(shop.Process.HasExited);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sigterm_ends_the_run_with_0_and_leaves_nothing(bool isolated)
    {
        await using var shop = new ShopRun();
        await shop.StartReadyAsync(isolated);
        await shop.AcceptAsync("tok_ok", ("tea", 1));

        await shop.Process.SignalAsync("TERM");

        Assert.Equal(0, await shop.Process.ExitAsync(TimeSpan.FromSeconds(30)));
        await shop.NothingLeftAsync();
    }

    [Fact]
    public async Task A_killed_sidecar_of_an_isolated_run_is_started_again_and_orders_go_on()
    {
        await using var shop = new ShopRun();
        await shop.StartReadyAsync(isolated: true);
        var before = await shop.AcceptAsync("tok_ok", ("tea", 1));

        using (var process = Process.GetProcessById(shop.SidecarPid("orders")))
            process.Kill();

        await shop.SettledAsync(before);
        var after = await Eventually.GetAsync(
            async () => await shop.PostOrderAsync("tok_ok", ("tea", 1)) is { StatusCode: HttpStatusCode.Accepted } accepted ? accepted : null, "an order after the restart");
        Assert.Equal(HttpStatusCode.Accepted, after.StatusCode);
        after.Dispose();
    }
}
