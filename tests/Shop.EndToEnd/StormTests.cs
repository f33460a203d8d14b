using System.Diagnostics;
using TestSupport;

namespace Shop.EndToEnd;

/// <summary>Calls that fail, messages that come twice or late, and payments that stand still for a while: the shop's rules hold all the same.</summary>
public sealed class StormTests
{
    private const int Orders = 1000;
    private const int Customers = 16;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_thousand_orders_in_a_storm_all_settle_and_the_books_balance(bool isolated)
    {
        Assert.SkipWhen(isolated && !Backend.IsEmbedded, "a storm is the sidecars' own doing, and the embedded set has it in both modes");
        await using var shop = new ShopRun { Faults = Storm(seed: 2026) };
        await shop.StartReadyAsync(isolated);
        var books = new Books(shop);
        var asked = 0;
        var (begun, most) = (new TaskCompletionSource(), new TaskCompletionSource());
        var customers = Enumerable.Range(0, Customers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref asked) is var number && number <= Orders)
            {
                if (number == Orders / 4)
                    begun.SetResult();
                if (number == Orders / 2)
                    most.SetResult();
                var request = books.Note(ShopRun.Order(number % 10 == 0 ? "tok_broke" : "tok_ok", ("tea", 1), ("mug", 1)));
                await Eventually.TrueAsync(() => books.PostAsync(request), $"order {number} to be accepted", TimeSpan.FromMinutes(2));
            }
        })).ToArray();

        // Payments answers nothing from the first quarter to the half.
        await begun.Task.WithinAsync("a quarter of the orders", TimeSpan.FromMinutes(3));
        using (var payments = Process.GetProcessById(await shop.AppPidAsync("payments")))
        {
            Signal(payments, "STOP");
            try
            {
                await most.Task.WithinAsync("half of the orders", TimeSpan.FromMinutes(3));
            }
            finally
            {
                Signal(payments, "CONT");
            }
        }

        await Task.WhenAll(customers).WithinAsync("the rest of the orders to be accepted", TimeSpan.FromMinutes(5));
        await books.SettleAsync(all: true, TimeSpan.FromMinutes(3));
    }

    private static void Signal(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
        Assert.Equal(0, kill.ExitCode);
    }

    private static string Storm(int seed) => $$"""
        apiVersion: faults.sidecar/v1alpha1
        kind: Configuration
        metadata: { name: storm }
        spec:
          seed: {{seed}}
          calls:
          - { app: "*", share: 0.05, status: 503 }
          - { app: "*", share: 0.05, do: fail }
          messages:
          - { topic: "*", share: 0.1, do: duplicate }
          - { topic: "*", share: 0.05, delay: 250ms }
        """;
}
