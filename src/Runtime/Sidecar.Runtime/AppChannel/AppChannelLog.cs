using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.AppChannel;

internal static partial class AppChannelLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "waiting for the application to listen on port {Port}")]
    public static partial void WaitingForApp(this ILogger logger, int port);

    [LoggerMessage(Level = LogLevel.Information, Message = "application discovered on port {Port}")]
    public static partial void AppAnswers(this ILogger logger, int port);

    [LoggerMessage(Level = LogLevel.Warning, Message = "application answered /dapr/config with actor types ({Entities}); this runtime hosts no actors yet")]
    public static partial void ActorsWithoutEffect(this ILogger logger, string entities);

    [LoggerMessage(Level = LogLevel.Debug, Message = "application has no /dapr/config ({Status})")]
    public static partial void NoAppConfig(this ILogger logger, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "could not read /dapr/config of the application, which counts as none: {Reason}")]
    public static partial void AppConfigUnreadable(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "App entered healthy status")]
    public static partial void AppHealthy(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "App entered un-healthy status: {Failures} health checks failed")]
    public static partial void AppUnhealthy(this ILogger logger, int failures);
}
