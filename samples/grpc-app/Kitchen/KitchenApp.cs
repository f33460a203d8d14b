using Sidecar.Grpc;

namespace Kitchen;

/// <summary>An app that speaks gRPC: its sidecar calls Dapr's AppCallback, and other apps its own service through their sidecars.</summary>
internal static class KitchenApp
{
    public static WebApplication Build(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(server =>
        {
            server.UseGrpcLimits();
            server.ListenLocalhost(port, listener => listener.UseHttp2Cleartext());
        });
        builder.Services.AddGrpcServer();
        builder.Services.AddSingleton<Stove>();

        var app = builder.Build();
        app.MapCallbacks();
        app.MapMenu();
        app.MapGrpcFallback();
        return app;
    }
}
