using Shop.Payments;
using Shop.ServiceDefaults;

var builder = ShopService.CreateBuilder(args);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(PaymentOptions.Read(builder.Configuration));
builder.Services.AddSingleton<IPaymentProvider, SimulatedProvider>();
builder.Services.AddSingleton<PaymentProcess>();

var app = builder.Build();
app.UseServiceDefaults();
app.MapPayments();
app.Run();
