using Dapr.Client;
using Shop.Orders;
using Shop.ServiceDefaults;

var builder = ShopService.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<OrderPlacement>();
builder.Services.AddSingleton<OrderProgress>();
builder.Services.AddSingleton(services => new PriceList(
    DaprClient.CreateInvokeHttpClient("inventory"), services.GetRequiredService<ILogger<PriceList>>()));

var app = builder.Build();
app.UseServiceDefaults();
app.MapOrders();
app.Run();
