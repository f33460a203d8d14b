using Microsoft.Extensions.Logging;

namespace Shop.ServiceDefaults.Telemetry;

internal static partial class ShopLoggingLog
{
    [LoggerMessage(1, LogLevel.Information, "{Service} listens on {Addresses}")]
    public static partial void Started(this ILogger log, string service, string addresses);
}
