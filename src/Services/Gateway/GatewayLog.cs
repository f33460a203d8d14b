namespace Shop.Gateway;

internal static partial class GatewayLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Every service is ready: the API is open")]
    public static partial void Opened(this ILogger log);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{App} is ready")]
    public static partial void Ready(this ILogger log, string app);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The client went away before {App} had answered")]
    public static partial void ClientGone(this ILogger log, string app);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{App} cannot be reached: {Reason}")]
    public static partial void Unreachable(this ILogger log, string app, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{App} cannot be used: its answer was {Status} without problem details")]
    public static partial void Unusable(this ILogger log, string app, int status);
}
