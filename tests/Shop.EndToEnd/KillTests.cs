using System.Diagnostics;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>
/// <c>kill -9</c> again and again while orders flow, of apps, sidecars and servers that a seed draws; each comes back, and the next is
/// killed once some more orders are in. Every accepted order settles, and the books balance. Kills: KILLS (30); seed: CRASH_SEED (from
/// the clock).
/// </summary>
public sealed class KillTests
{
    private const int Orders = 500;
    private const int Customers = 12;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly string[] Tokens = ["tok_ok", "tok_ok", "tok_ok", "tok_broke"];

    [Fact]
    public async Task Five_hundred_orders_outlive_thirty_kills_of_apps_sidecars_and_servers()
    {
        Assert.SkipWhen(Backend.Set is "kafka", "the mock cluster has nothing on disk and does not outlive a kill");
        Assert.SkipWhen(Backend.Set is "postgres" && Environment.GetEnvironmentVariable("KILLS") is null, "its messages are the redis set's, and BrokerTests kill its state store; KILLS=30 runs it here too");
        var (kills, seed) = (CrashTests.Setting("KILLS", 30), CrashTests.Setting("CRASH_SEED", (int)(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % 1_000_000)));
        List<string> story = [$"CRASH_SEED={seed}"];
        await using var shop = new ShopRun { RestartsApps = true };
        try
        {
            await shop.StartReadyAsync(isolated: true);
            var books = new Books(shop);
            var (asked, accepted) = (0, 0);
            var customers = Enumerable.Range(0, Customers).Select(customer => Task.Run(async () =>
            {
                var random = new Random(seed + customer);
                while (Interlocked.Increment(ref asked) <= Orders)
                {
                    var request = books.Note(ShopRun.Order(Tokens[random.Next(Tokens.Length)], ("tea", random.Next(1, 4)), random.Next(10) == 0 ? ("kettle", 1) : ("mug", 1)));
                    await Eventually.TrueAsync(() => books.PostAsync(request), $"order {request.Key} to be accepted", Patience);
                    Interlocked.Increment(ref accepted);
                }
            })).ToArray();

            var random = new Random(seed);
            for (var kill = 0; kill < kills; kill++)
            {
                var due = Orders * kill / (kills + 1);
                await Eventually.TrueAsync(() => Volatile.Read(ref accepted) >= due, $"{due} accepted orders, after {story[^1]}", Patience);

                // Not a wait for something to happen: the moment of a kill is what the seed draws.
                await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 400)), TimeProvider.System);
                story.Add(await KillAsync(shop, random));
            }

            await Task.WhenAll(customers).WithinAsync("the rest of the orders to be accepted", Patience);
            await books.SettleAsync(all: true, Patience);
            Assert.Equal(Orders, books.Count);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{string.Join(", ", story)}: {failure.Message}", failure);
        }

        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", story));
        TestContext.Current.SendDiagnosticMessage(string.Join(", ", story));
    }

    /// <summary>Kills one of the run's processes or a server, and tells which.</summary>
    private static async Task<string> KillAsync(ShopRun shop, Random random)
    {
        var victim = ShopRun.Apps[random.Next(ShopRun.Apps.Length)];
        switch (random.Next(Backend.IsEmbedded ? 8 : 10))
        {
            case < 4:
                await KillAsync($"the app of {victim}", () => shop.AppPidAsync(victim));
                return $"app {victim}";
            case < 8:
                await KillAsync($"the sidecar of {victim}", () => Task.FromResult(shop.SidecarPid(victim)));
                return $"sidecar {victim}";
            default:
                var server = random.Next(2) == 0 ? shop.Backend.Events : shop.Backend.State;

                // RabbitMQ may lose what was declared a moment ago, and no client can tell; see there.
                await server.SettleAsync();
                await server.RestartAsync();
                return $"server {server.Kind}";
        }
    }

    // One that was killed just before may not be there yet.
    private static Task KillAsync(string what, Func<Task<int>> pid) => Eventually.TrueAsync(
        async () =>
        {
            using var process = Process.GetProcessById(await pid());
            process.Kill();
            return true;
        },
        what,
        Patience);
}
