using Shop.Notifications;
using Shop.ServiceDefaults;

var builder = ShopService.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<Notifier>();

var app = builder.Build();
app.UseServiceDefaults();
app.MapNotifications();
app.Run();
