using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Secrets;

internal static partial class SecretsLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Secret store {Store} could not get {Key}")]
    public static partial void GetFailed(this ILogger logger, string store, string key, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The app may not read {Key} of secret store {Store}")]
    public static partial void GetForbidden(this ILogger logger, string store, string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Secret store {Store} could not list its secrets")]
    public static partial void GetAllFailed(this ILogger logger, string store, Exception failure);
}
