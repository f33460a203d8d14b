using Microsoft.AspNetCore.Builder;

namespace Shop.ServiceDefaults.Telemetry;

/// <summary>How a service names itself in logs and telemetry: as OpenTelemetry is told, else by app-id, else by program.</summary>
internal static class ServiceName
{
    public static string Of(WebApplicationBuilder builder)
    {
        if (builder.Configuration["OTEL_SERVICE_NAME"] is { Length: > 0 } name)
            return name;
        return builder.Configuration["APP_ID"] is { Length: > 0 } appId ? appId : builder.Environment.ApplicationName.ToLowerInvariant();
    }
}
