using Dapr.Client;
using Shop.Orders;
using Shop.ServiceDefaults;

var builder = ShopService.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<OrderPlacement>();
builder.Services.AddSingleton<OrderIntake>();
builder.Services.AddSingleton<OrderProgress>();
builder.Services.AddSingleton(services =>
{
    // Less than the gateway waits for the order: a customer is told why, and not just that, nothing came of it.
    var inventory = services.GetRequiredService<DaprClient>().CreateInvokableHttpClient("inventory");
    inventory.Timeout = TimeSpan.FromSeconds(10);
    return new PriceList(inventory, services.GetRequiredService<ILogger<PriceList>>());
});

builder.AddOrderService();

var app = builder.Build();
app.UseServiceDefaults();
app.MapOrders();
app.MapOrderService();
app.Run();
