using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Shop.ServiceDefaults.Errors;
using Shop.ServiceDefaults.Health;
using Shop.ServiceDefaults.Security;
using Shop.ServiceDefaults.Telemetry;

namespace Shop.ServiceDefaults;

/// <summary>What all services of the shop have in common.</summary>
public static class ServiceDefaultsExtensions
{
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Logs, telemetry, problem details, JSON, the Dapr client and a shutdown within 5 seconds.</summary>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, Action<ServiceDefaultsOptions>? configure = null)
    {
        var options = new ServiceDefaultsOptions();
        configure?.Invoke(options);

        builder.AddShopLogging();
        builder.AddOtlpTelemetry();
        builder.Services.AddSingleton(options);
        builder.Services.AddProblemDetails();
        builder.Services.AddDaprClient(dapr => dapr.UseJsonSerializationOptions(UseShopJson(new JsonSerializerOptions(JsonSerializerDefaults.Web))));
        builder.Services.ConfigureHttpJsonOptions(json => UseShopJson(json.SerializerOptions));
        // Bad requests surface as exceptions everywhere and not only in development, so that their problem details can name the cause.
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.Configure<KestrelServerOptions>(server => server.AddServerHeader = false);
        return builder;
    }

    /// <summary>
    /// Errors as problem details, the token check, CloudEvents, health endpoints and the subscription list. Call it before
    /// mapping the service's own routes.
    /// </summary>
    public static WebApplication UseServiceDefaults(this WebApplication app)
    {
        app.UseProblemResponses();
        var options = app.Services.GetService<ServiceDefaultsOptions>() ?? new ServiceDefaultsOptions();
        if (options.RequireAppToken && app.Configuration["APP_API_TOKEN"] is { Length: > 0 } token)
            app.UseAppToken(token);
        app.UseCloudEvents();
        // Routing comes after the unwrapping, because it looks at the content type: that of the data, not of the envelope.
        app.UseRouting();
        app.MapHealth();
        app.MapSubscribeHandler();
        app.LogAddressesOnceStarted();
        return app;
    }

    /// <summary>Enums travel as their names; numbers are refused, because they would bind silently to whatever is at that place.</summary>
    private static JsonSerializerOptions UseShopJson(JsonSerializerOptions json)
    {
        json.Converters.Add(new JsonStringEnumConverter(namingPolicy: null, allowIntegerValues: false));
        return json;
    }
}
