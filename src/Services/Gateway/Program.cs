using Dapr.Client;
using Shop.Gateway;
using Shop.ServiceDefaults;

// The one service that the public calls, and so the one that cannot ask its callers for the sidecar's token.
var builder = ShopService.CreateBuilder(args, defaults => defaults.RequireAppToken = false);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(services =>
{
    var invoke = services.GetRequiredService<DaprClient>().CreateInvokableHttpClient();
    invoke.Timeout = TimeSpan.FromSeconds(30);
    return new ServiceInvoker(invoke);
});
builder.Services.AddSingleton<Forwarder>();
builder.Services.AddSingleton<ReadinessGate>();
builder.Services.AddSingleton<IReadiness>(services => services.GetRequiredService<ReadinessGate>());
builder.Services.AddHostedService(services => services.GetRequiredService<ReadinessGate>());

var app = builder.Build();
app.UseServiceDefaults();
app.MapGateway();
app.Run();
