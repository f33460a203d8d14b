using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sidecar.Testing;

namespace Coffee.Tests;

/// <summary>The coffee shop with a real sidecar, in this process: no Docker, no broker, nothing to install.</summary>
public sealed class CoffeeTests
{
    /// <summary>
    /// Looks at nothing but the app's own API, so it runs against any sidecar: with SIDECAR_TESTING_DAPRD=/path/to/daprd against
    /// that one.
    /// </summary>
    [Fact]
    public async Task An_order_is_brewed()
    {
        await using var dapr = await StartAsync();
        var coffee = dapr["coffee"].Client;

        using var accepted = await coffee.PostAsJsonAsync("/orders", new CoffeeOrder("ann", "espresso"));
        var cup = await CupAsync(coffee, "ann");

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("espresso", cup);
    }

    [Fact]
    public async Task A_cup_is_cold_after_a_quarter_of_an_hour()
    {
        Assert.SkipWhen(DaprTestHost.RunsDaprd, "A daprd process has no clock that a test could move.");
        await using var dapr = await StartAsync(host => host.WithFakeClock());
        var coffee = dapr["coffee"].Client;
        await coffee.PostAsJsonAsync("/orders", new CoffeeOrder("ann", "espresso"));
        await dapr.StateSavedAsync("statestore", "ann");

        dapr.Clock.Advance(TimeSpan.FromMinutes(14));
        using var warm = await coffee.GetAsync("/cups/ann");
        dapr.Clock.Advance(TimeSpan.FromMinutes(2));
        using var cold = await coffee.GetAsync("/cups/ann");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.NotFound), (warm.StatusCode, cold.StatusCode));
    }

    [Fact]
    public async Task A_guest_is_told_when_orders_cannot_be_taken()
    {
        Assert.SkipWhen(DaprTestHost.RunsDaprd, "A daprd process does not fail on purpose.");
        await using var dapr = await StartAsync();
        using var fault = dapr.Faults.Topic("pubsub", "orders", Fail.WithError("the broker is down"));

        using var refused = await dapr["coffee"].Client.PostAsJsonAsync("/orders", new CoffeeOrder("ann", "espresso"));

        Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
        Assert.Equal(1, fault.Hits);
    }

    [Fact]
    public async Task Who_else_listens_hears_of_the_order()
    {
        Assert.SkipWhen(DaprTestHost.RunsDaprd, "Processes share no in-memory broker, and have no events to await.");
        await using var dapr = await StartAsync(host => host
            .App("stock", app => app.MapPost("/used", () => Results.Ok()))
            .Subscription("stock", topic: "orders", route: "/used"));

        await dapr["coffee"].Client.PostAsJsonAsync("/orders", new CoffeeOrder("ann", "espresso"));
        var message = await dapr.DeliveredAsync("pubsub", "orders", to: "stock");

        Assert.Equal("espresso", message.Data<CoffeeOrder>()!.Drink);
    }

    private static Task<DaprTestHost> StartAsync(Action<DaprTestHostBuilder>? configure = null) => DaprTestHost.StartAsync(host =>
    {
        host.InMemory().App<Program>("coffee");
        configure?.Invoke(host);
    });

    private static async Task<string?> CupAsync(HttpClient coffee, string guest)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var pause = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            using var cup = await coffee.GetAsync($"/cups/{guest}", limit.Token);
            if (cup.IsSuccessStatusCode)
                return await cup.Content.ReadFromJsonAsync<string>(limit.Token);
            await pause.WaitForNextTickAsync(limit.Token);
        }
    }
}
