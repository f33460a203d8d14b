using Shop.Inventory;
using Shop.ServiceDefaults;

var builder = ShopService.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ProductWriter>();
builder.Services.AddSingleton<Reservations>();
builder.Services.AddSingleton<Catalog>();
builder.Services.AddSingleton<IReadiness>(services => services.GetRequiredService<Catalog>());
builder.Services.AddHostedService(services => services.GetRequiredService<Catalog>());

var app = builder.Build();
app.UseServiceDefaults();
app.MapInventory();
app.Run();
