using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>The shop and the services of <c>samples/polyglot</c>, in Node and Python, as one run of two templates.</summary>
public sealed class PolyglotTests
{
    private static readonly string[] Confirmed = ["order.submitted", "stock.reserved", "payment.requested", "payment.authorized", "order.confirmed"];

    private static readonly string[] Declined = ["order.submitted", "stock.reserved", "payment.requested", "payment.declined", "order.cancelled"];

    [Fact]
    public async Task Services_of_other_languages_see_every_order_once_whatever_is_killed()
    {
        Interpreters.SkipUnlessHere("node", "python3");
        var started = Stopwatch.GetTimestamp();
        await using var shop = new ShopRun(environment: null, "samples/polyglot");
        await shop.StartReadyAsync(isolated: false);
        foreach (var app in (string[])[.. ShopRun.Apps, ShopRun.OrdersOverGrpc, "reviews", "audit"])
            await shop.Process.LineAsync($"{app} is healthy after");
        Assert.DoesNotContain("is skipped", shop.Process.Output);

        Tell("started", started);

        // Only who has a confirmed order of a product reviews it.
        Assert.Equal(HttpStatusCode.Forbidden, await ReviewAsync(shop, "ann", "tea"));
        Assert.Equal(("Cancelled", "Confirmed"), (await OrderAsync(shop, "ann", "tok_broke", Declined), await OrderAsync(shop, "ann", "tok_ok", Confirmed, "mug")));
        await MayReviewAsync(shop, "ann", "mug");
        Assert.Equal(HttpStatusCode.Forbidden, await ReviewAsync(shop, "ann", "tea"));
        Assert.Equal(HttpStatusCode.OK, await ReviewAsync(shop, "ann", "mug"));
        Assert.Equal(1, (int)(await shop.AskAsync("reviews", "reviews/mug"))!["count"]!);
        Assert.Null(await shop.AskAsync("audit", $"audit/{Guid.NewGuid():N}"));

        Tell("two orders settled", started);

        // Both die while orders flow, and are started again.
        var during = Enumerable.Range(0, 20).Select(i => AcceptAsync(shop, $"d{i}")).ToArray();
        await Task.WhenAny(during);
        foreach (var app in (string[])["reviews", "audit"])
        {
            using var process = Process.GetProcessById(await shop.AppPidAsync(app));
            process.Kill();
        }

        await CompleteAsync(shop, await Task.WhenAll(during));

        Tell("killed apps made good", started);

        // The run dies while orders flow; the next one is of the other mode.
        var last = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => AcceptAsync(shop, $"r{i}")));
        await shop.KillAsync();
        await shop.StartReadyAsync(isolated: true);
        Tell("started again", started);
        await CompleteAsync(shop, last);
        Assert.Equal(1, (int)(await shop.AskAsync("reviews", "reviews/mug"))!["count"]!);

        Tell("killed run made good", started);
        await shop.Process.SignalAsync("TERM");
        Assert.Equal(0, await shop.Process.ExitAsync());
    }

    private static void Tell(string step, long started) =>
        TestContext.Current.SendDiagnosticMessage($"{step} after {Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s");

    private static async Task<(string Order, string Customer)> AcceptAsync(ShopRun shop, string customer, string token = "tok_ok", string sku = "tea")
    {
        var order = ShopRun.Order(token, (sku, 1));
        order["customerId"] = customer;
        using var response = await shop.PostOrderAsync(order);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return ((string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"]!, customer);
    }

    /// <summary>The status in which the order ends, once its trail is complete.</summary>
    private static async Task<string?> OrderAsync(ShopRun shop, string customer, string token, string[] trail, string sku = "tea")
    {
        var (order, _) = await AcceptAsync(shop, customer, token, sku);
        var settled = await shop.SettledAsync(order);
        await TrailAsync(shop, order, trail);
        return (string?)settled["status"];
    }

    private static async Task CompleteAsync(ShopRun shop, IReadOnlyList<(string Order, string Customer)> orders)
    {
        foreach (var (order, customer) in orders)
        {
            await TrailAsync(shop, order, Confirmed);
            await MayReviewAsync(shop, customer, "tea");
        }
    }

    /// <summary>Awaits the trail; it has each event once, in the order in which things happened, and no secret.</summary>
    private static async Task TrailAsync(ShopRun shop, string order, string[] expected)
    {
        var trail = await Eventually.GetAsync(
            async () => await TryAsync(() => shop.AskAsync("audit", $"audit/{order}")) is { } found && found["entries"]!.AsArray().Count >= expected.Length ? found : null,
            $"the trail of order {order}; the run said:\n{shop.Process.Output}");
        var entries = trail["entries"]!.AsArray();

        Assert.Equal(expected, entries.Select(entry => (string?)entry!["type"]));
        Assert.Equal(expected.Length, entries.Select(entry => (string?)entry!["id"]).Distinct().Count());
        Assert.DoesNotContain("tok_", trail.ToJsonString());
    }

    private static Task MayReviewAsync(ShopRun shop, string customer, string sku) => Eventually.TrueAsync(
        async () => await TryAsync(async () => await ReviewAsync(shop, customer, sku)) is HttpStatusCode.Created or HttpStatusCode.OK,
        $"a review of {sku} by {customer}; the run said:\n{shop.Process.Output}");

    private static async Task<HttpStatusCode> ReviewAsync(ShopRun shop, string customer, string sku)
    {
        using var response = await shop.TellAsync("reviews", $"reviews/{sku}", new JsonObject { ["customerId"] = customer, ["rating"] = 5, ["text"] = "as it should be" });
        return response.StatusCode;
    }

    /// <summary>A service that was just killed does not answer for a moment.</summary>
    private static async Task<T?> TryAsync<T>(Func<Task<T?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (HttpRequestException)
        {
            return default;
        }
    }
}
