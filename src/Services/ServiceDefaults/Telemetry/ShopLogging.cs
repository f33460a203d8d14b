using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Serilog;
using Serilog.Extensions.Logging;
using Serilog.Formatting.Json;

namespace Shop.ServiceDefaults.Telemetry;

/// <summary>
/// Serilog on the console: lines for people, or JSON lines with <c>LOG_FORMAT=json</c> or <c>Logging:Json=true</c>. Each has
/// the trace id. Levels come from <c>Logging:LogLevel</c> as in every ASP.NET Core app.
/// </summary>
internal static class ShopLogging
{
    private const string LineForPeople = "{Timestamp:HH:mm:ss.fff} {Level:u3} {TraceId} {Message:lj}{NewLine}{Exception}";

    public static void AddShopLogging(this WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var asJson = string.Equals(configuration["LOG_FORMAT"], "json", StringComparison.OrdinalIgnoreCase)
            || string.Equals(configuration["Logging:Json"], bool.TrueString, StringComparison.OrdinalIgnoreCase);

        var logger = new LoggerConfiguration()
            .MinimumLevel.Verbose() // levels are decided once, by the filters below and Logging:LogLevel
            .Enrich.WithProperty("Service", ServiceName.Of(builder));
        logger = asJson
            ? logger.WriteTo.Console(new JsonFormatter(renderMessage: true, formatProvider: CultureInfo.InvariantCulture))
            : logger.WriteTo.Console(outputTemplate: LineForPeople, formatProvider: CultureInfo.InvariantCulture);

        builder.Logging.ClearProviders().AddProvider(new SerilogLoggerProvider(logger.CreateLogger(), dispose: true));
        builder.Services.Configure<LoggerFilterOptions>(filters =>
        {
            // In front of the rules from configuration: of two rules for one category the later wins.
            filters.Rules.Insert(0, new LoggerFilterRule(null, "Microsoft", LogLevel.Warning, null));
            filters.Rules.Insert(0, new LoggerFilterRule(null, "System.Net.Http", LogLevel.Warning, null));
        });
    }

    public static void LogAddressesOnceStarted(this WebApplication app)
    {
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ShopService));
        app.Lifetime.ApplicationStarted.Register(() => log.Started(app.Environment.ApplicationName, string.Join(", ", app.Urls)));
    }
}
