using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>
/// <c>kill -9</c> of the whole run at a random moment while orders flow, then a new start: no process of the first run is left,
/// every accepted order settles, and the books balance. Rounds: CRASH_ROUNDS (3); first seed: CRASH_SEED (from the clock).
/// </summary>
public sealed class CrashTests
{
    private static readonly string[] Tokens = ["tok_ok", "tok_ok", "tok_ok", "tok_broke"];

    [Fact]
    public async Task Every_accepted_order_settles_whenever_the_run_is_killed()
    {
        var rounds = Setting("CRASH_ROUNDS", 3);
        var seed = Setting("CRASH_SEED", (int)(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % 1_000_000));
        await using var shop = new ShopRun();
        var books = new Books();
        for (var round = 0; round < rounds; round++)
        {
            // Rounds alternate between the modes, on the same data.
            var isolated = round % 2 == 1;
            var random = new Random(seed + round);
            try
            {
                await shop.StartReadyAsync(isolated);
                await KillWhileOrdersFlowAsync(shop, books, random);
                await shop.StartReadyAsync(isolated);
                await books.SettleAsync(shop);
                await shop.KillAsync();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"round {round} of seed {seed} ({(isolated ? "isolated" : "co-hosted")}; CRASH_SEED={seed}): {failure.Message}", failure);
            }

            TestContext.Current.SendDiagnosticMessage($"round {round} (seed {seed + round}, {(isolated ? "isolated" : "co-hosted")}): {books.Count} orders so far, books balance");
        }
    }

    private static async Task KillWhileOrdersFlowAsync(ShopRun shop, Books books, Random random)
    {
        using var over = new CancellationTokenSource();
        var seeds = Enumerable.Range(0, 8).Select(_ => random.Next()).ToArray();
        var customers = seeds.Select(customer => Task.Run(() => SubmitAsync(shop, books, new Random(customer), over.Token))).ToArray();

        // Not a wait for something to happen: the moment of the kill is what the seed draws.
        await Task.Delay(TimeSpan.FromMilliseconds(random.Next(50, 2500)));
        await shop.KillAsync();
        await over.CancelAsync();
        await Task.WhenAll(customers);
    }

    private static async Task SubmitAsync(ShopRun shop, Books books, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var body = random.Next(10) == 0
                ? ShopRun.Order("tok_ok", ("tea", 1), ("kettle", random.Next(1, 5)))
                : ShopRun.Order(Tokens[random.Next(Tokens.Length)], ("tea", random.Next(1, 4)), ("mug", random.Next(1, 3)));
            var request = books.Note(body);
            try
            {
                using var response = await shop.PostOrderAsync(body, request.Key);
                if (response.StatusCode == HttpStatusCode.Accepted)
                    request.Id = (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(over))!["id"];
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                // The run died under it. Whether it was accepted is found out with the same key afterwards.
                return;
            }
        }
    }

    private static int Setting(string name, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : defaultValue;

    private sealed record Request(string Key, JsonObject Body)
    {
        public string? Id { get; set; }
    }

    /// <summary>Every order that was ever asked for, and what must be true of all of them together.</summary>
    private sealed class Books
    {
        private readonly ConcurrentQueue<Request> _requests = new();

        public int Count => _requests.Count;

        public Request Note(JsonObject body)
        {
            var request = new Request(Guid.NewGuid().ToString(), body);
            _requests.Enqueue(request);
            return request;
        }

        public async Task SettleAsync(ShopRun shop)
        {
            foreach (var request in _requests.Where(request => request.Id is null))
            {
                using var response = await shop.PostOrderAsync((JsonObject)request.Body.DeepClone(), request.Key);
                Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
                request.Id = (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["id"];
            }

            var orders = new List<JsonNode>();
            foreach (var request in _requests)
                orders.Add(await shop.SettledAsync(request.Id!));
            await BalanceAsync(shop, orders);
        }

        private static async Task BalanceAsync(ShopRun shop, List<JsonNode> orders)
        {
            var sold = orders.Where(order => (string?)order["status"] == "Confirmed")
                .SelectMany(order => order["lines"]!.AsArray())
                .GroupBy(line => (string)line!["sku"]!)
                .ToDictionary(group => group.Key, group => group.Sum(line => (int)line!["quantity"]!));

            // What follows the settling (commit or release, capture or void, notification) may still be under way.
            await Eventually.TrueAsync(
                async () =>
                {
                    var stock = await shop.StockAsync();
                    Assert.All(stock, product => Assert.Equal(product.Key == "kettle" ? 3 : 10_000, product.Value.Available + product.Value.Reserved + product.Value.Sold));
                    Assert.All(stock, product => Assert.Equal((product.Key, 0), (product.Key, product.Value.Reserved)));
                    Assert.All(stock, product => Assert.Equal((product.Key, sold.GetValueOrDefault(product.Key)), (product.Key, product.Value.Sold)));
                    return true;
                },
                "stock to balance: available + reserved + sold constant, nothing reserved, sold = confirmed");

            foreach (var order in orders)
                await Eventually.TrueAsync(() => IsConcludedAsync(shop, order), $"payment and notification of order {order["id"]}, {order["status"]} {order["reason"]}");
        }

        private static async Task<bool> IsConcludedAsync(ShopRun shop, JsonNode order)
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
}
