using Kitchen;

// dapr run --app-id kitchen --app-protocol grpc --app-port 5005 -- dotnet run
await KitchenApp.Build(int.Parse(Environment.GetEnvironmentVariable("APP_PORT") ?? "5005", System.Globalization.CultureInfo.InvariantCulture)).RunAsync();
