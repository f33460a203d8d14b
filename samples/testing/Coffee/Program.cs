using Dapr.Client;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Services.AddDaprClient();

var app = builder.Build();
app.UseCloudEvents();
app.MapSubscribeHandler();

// A guest orders: the order is announced, and whoever brews takes it from there.
app.MapPost("/orders", async (CoffeeOrder order, DaprClient dapr) =>
{
    await dapr.PublishEventAsync("pubsub", "orders", order);
    return Results.Accepted($"/cups/{order.Guest}");
});

// The cup of a guest stays warm for a quarter of an hour.
app.MapPost("/brew", (CoffeeOrder order, DaprClient dapr) =>
    dapr.SaveStateAsync("statestore", order.Guest, order.Drink, metadata: new Dictionary<string, string> { ["ttlInSeconds"] = "900" }))
    .WithTopic("pubsub", "orders");

app.MapGet("/cups/{guest}", async (string guest, DaprClient dapr) =>
    await dapr.GetStateAsync<string>("statestore", guest) is { } drink ? Results.Ok(drink) : Results.NotFound());

app.Run();

/// <summary>What a guest wants.</summary>
public sealed record CoffeeOrder(string Guest, string Drink);
