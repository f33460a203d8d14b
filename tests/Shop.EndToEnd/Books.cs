using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>An order that somebody asks for, under the key by which it can be asked for again.</summary>
internal sealed record Request(string Key, JsonObject Body)
{
    /// <summary>Known once it was answered 202.</summary>
    public string? Id { get; set; }
}

/// <summary>Every order that was ever asked for, and what must be true of each of them and of all together.</summary>
internal sealed class Books(ShopRun shop)
{
    private const int AtOnce = 8;

    /// <summary>Less than the lease of a message, so that nothing passes here only because what a dead process held has run out.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    /// <summary>An order's whole history, by how it ended: every fact once, in an order that makes sense.</summary>
    private static readonly Dictionary<string, string> Histories = new()
    {
        ["Confirmed "] = "OrderSubmitted StockReserved PaymentAuthorized OrderConfirmed",
        ["Cancelled OutOfStock"] = "OrderSubmitted StockRejected OrderCancelled",
        ["Cancelled PaymentDeclined"] = "OrderSubmitted StockReserved PaymentDeclined OrderCancelled",
    };

    private readonly ConcurrentQueue<Request> _requests = new();
    private readonly ConcurrentDictionary<string, JsonNode> _settled = new();

    public int Count => _requests.Count;

    public Request Note(JsonObject body)
    {
        var request = new Request(Guid.NewGuid().ToString(), body);
        _requests.Enqueue(request);
        return request;
    }

    /// <summary>Asks for the order, or asks again; returns whether it was accepted.</summary>
    public async Task<bool> PostAsync(Request request)
    {
        using var response = await shop.PostOrderAsync((JsonObject)request.Body.DeepClone(), request.Key);
        if (response.StatusCode != HttpStatusCode.Accepted)
            return false;
        var id = (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"];
        Assert.True(request.Id is null || request.Id == id, $"key {request.Key} stands for the orders {request.Id} and {id}");
        request.Id = id;
        return true;
    }

    /// <summary>
    /// Asks again for what was not answered, and for some of what was; then every order must settle, and the books must balance.
    /// </summary>
    /// <param name="all">Look again also at the orders that were settled before.</param>
    /// <param name="patience">For each order, where calls fail on purpose; null = they do not, and each is to be accepted at once.</param>
    public async Task SettleAsync(bool all, TimeSpan? patience = null)
    {
        if (all)
            _settled.Clear();
        var again = _requests.Where(request => request.Id is null).Concat(_requests.TakeLast(5)).Distinct();
        await Parallel.ForEachAsync(again, Limit, async (request, _) =>
        {
            if (patience is null)
                Assert.True(await PostAsync(request), $"order {request.Key} is refused");
            else
                await Eventually.TrueAsync(() => PostAsync(request), $"order {request.Key} to be accepted", patience);
        });

        await Parallel.ForEachAsync(_requests.Where(request => !_settled.ContainsKey(request.Id!)), Limit, async (request, _) =>
        {
            var order = await shop.SettledAsync(request.Id!, patience ?? Patience);
            Assert.Equal(Histories[$"{order["status"]} {order["reason"]}"], string.Join(' ', order["history"]!.AsArray().Select(entry => entry!["event"])));
            await Eventually.TrueAsync(() => IsConcludedAsync(order), $"payment and notification of order {order["id"]}, {order["status"]} {order["reason"]}", patience ?? Patience);
            _settled[request.Id!] = order;
        });
        Assert.Equal(_requests.Count, _settled.Count);
        await BalanceAsync(patience ?? Patience);
    }

    private static ParallelOptions Limit => new() { MaxDegreeOfParallelism = AtOnce };

    private async Task BalanceAsync(TimeSpan patience)
    {
        var sold = _settled.Values.Where(order => (string?)order["status"] == "Confirmed")
            .SelectMany(order => order["lines"]!.AsArray())
            .GroupBy(line => (string)line!["sku"]!)
            .ToDictionary(group => group.Key, group => group.Sum(line => (int)line!["quantity"]!));

        // Selling or giving back what is reserved follows the settling and may still be under way: in a storm on Kafka for a while, as each
        // event that is tried again holds up those behind it.
        await Eventually.TrueAsync(
            async () =>
            {
                var stock = await shop.StockAsync();
                Assert.All(stock, product => Assert.Equal(product.Key == "kettle" ? 3 : 10_000, product.Value.Available + product.Value.Reserved + product.Value.Sold));
                Assert.All(stock, product => Assert.Equal((product.Key, 0), (product.Key, product.Value.Reserved)));
                Assert.All(stock, product => Assert.Equal((product.Key, sold.GetValueOrDefault(product.Key)), (product.Key, product.Value.Sold)));
                return true;
            },
            "stock to balance: available + reserved + sold constant, nothing reserved, sold = confirmed",
            patience);
    }

    private async Task<bool> IsConcludedAsync(JsonNode order)
    {
        var confirmed = (string?)order["status"] == "Confirmed";
        var payment = await shop.AskAsync("payments", $"payments/{order["id"]}");
        var told = await shop.AskAsync("notifications", $"notifications/{order["id"]}");
        Assert.NotNull(told);
        Assert.Contains(confirmed ? "confirmed" : "cancelled", (string?)told["message"], StringComparison.OrdinalIgnoreCase);
        if (confirmed)
            Assert.Equal(("Captured", (long)order["total"]!), ((string?)payment?["status"], (long?)payment?["amount"]));
        else
            Assert.True(payment is null || (string?)payment["status"] is "Declined" or "Voided", $"payment {payment?.ToJsonString()}");
        return true;
    }
}
