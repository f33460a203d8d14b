using System.Diagnostics;
using System.Globalization;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>
/// <c>kill -9</c> at random moments while orders flow, then a new start: no process of the killed run is left, every accepted order
/// settles, and the books balance. Rounds: CRASH_ROUNDS (3, on a set with servers 1); first seed: CRASH_SEED (from the clock).
/// </summary>
public sealed class CrashTests
{
    private static readonly string[] Tokens = ["tok_ok", "tok_ok", "tok_ok", "tok_broke"];

    /// <summary>What happens in a round beside the kill of the whole run.</summary>
    private enum Ordeal
    {
        None,

        /// <summary>First a sidecar (isolated) or an app (co-hosted) is killed alone, and orders go on as far as they can.</summary>
        OneProcessFirst,

        /// <summary>The run that is to recover is killed too, at any moment of its start or of its recovery.</summary>
        RecoveryToo,
    }

    [Fact]
    public async Task Every_accepted_order_settles_whenever_the_run_is_killed()
    {
        var rounds = Setting("CRASH_ROUNDS", Backend.IsEmbedded ? 3 : 1);
        var seed = Setting("CRASH_SEED", (int)(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() % 1_000_000));
        await using var shop = new ShopRun();
        var books = new Books(shop);
        for (var round = 0; round < rounds; round++)
        {
            // Each mode recovers from what the other left behind, on the same data.
            var (isolated, ordeal, random) = (round % 2 == 1, (Ordeal)(round % 3), new Random(seed + round));
            var story = $"round {round} of seed {seed}: {(isolated ? "isolated" : "co-hosted")}, {ordeal}";
            var (started, before) = (Stopwatch.GetTimestamp(), books.Count);
            try
            {
                if (round == 0)
                    await shop.StartReadyAsync(isolated);
                await KillWhileOrdersFlowAsync(shop, books, isolated, ordeal, random);
                await RecoverAsync(shop, !isolated, ordeal, random);
                await books.SettleAsync(all: round == rounds - 1);
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"{story} (CRASH_SEED={seed}): {failure.Message}", failure);
            }

            TestContext.Current.SendDiagnosticMessage($"{story}: {books.Count - before} orders, books balance ({Stopwatch.GetElapsedTime(started).TotalSeconds:0.0} s)");
        }

        await shop.KillAsync();
    }

    private static async Task KillWhileOrdersFlowAsync(ShopRun shop, Books books, bool isolated, Ordeal ordeal, Random random)
    {
        using var over = new CancellationTokenSource();
        var seeds = Enumerable.Range(0, 12).Select(_ => random.Next()).ToArray();
        var customers = seeds.Select(customer => Task.Run(() => SubmitAsync(books, new Random(customer), over.Token))).ToArray();
        if (ordeal == Ordeal.OneProcessFirst)
        {
            var victim = ShopRun.Apps[random.Next(ShopRun.Apps.Length)];
            await MomentAsync(random.Next(50, 1500));
            using var process = Process.GetProcessById(isolated ? shop.SidecarPid(victim) : await shop.AppPidAsync(victim));
            process.Kill();
        }

        await MomentAsync(random.Next(50, 2500));
        await shop.KillAsync();
        await over.CancelAsync();
        await Task.WhenAll(customers);
    }

    private static async Task RecoverAsync(ShopRun shop, bool isolated, Ordeal ordeal, Random random)
    {
        if (ordeal == Ordeal.RecoveryToo)
        {
            await shop.StartAsync(isolated);
            await MomentAsync(random.Next(0, 5000));
            await shop.KillAsync();
        }

        await shop.StartReadyAsync(isolated);
    }

    /// <summary>Asks for one order after the other, each until it is accepted.</summary>
    private static async Task SubmitAsync(Books books, Random random, CancellationToken over)
    {
        while (!over.IsCancellationRequested)
        {
            var request = books.Note(random.Next(10) == 0
                ? ShopRun.Order("tok_ok", ("tea", 1), ("kettle", random.Next(1, 5)))
                : ShopRun.Order(Tokens[random.Next(Tokens.Length)], ("tea", random.Next(1, 4)), ("mug", random.Next(1, 3))));
            try
            {
                while (!await books.PostAsync(request))
                    await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, over);
            }
            catch (Exception cut) when (cut is HttpRequestException or OperationCanceledException or IOException)
            {
                // The run died under it. Whether it was accepted is found out with the same key afterwards.
                return;
            }
        }
    }

    /// <summary>Not a wait for something to happen: the moment of a kill is what the seed draws.</summary>
    private static Task MomentAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System);

    internal static int Setting(string name, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : defaultValue;
}
