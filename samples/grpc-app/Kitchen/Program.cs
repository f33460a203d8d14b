using Kitchen;
using Sidecar.Grpc;

var builder = WebApplication.CreateSlimBuilder(args);
builder.WebHost.ConfigureKestrel(server =>
{
    server.UseGrpcLimits();
    server.ConfigureEndpointDefaults(listener => listener.UseHttp2Cleartext());
});
builder.Services.AddGrpcServer().AddSingleton<Stove>();

var app = builder.Build();
app.MapCallbacks();
app.MapCooking();
app.MapGrpcFallback();
app.Run();
