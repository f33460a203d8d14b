using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Redis;

internal static partial class RedisLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Reason}; waiting for it, within initTimeout")]
    public static partial void Waiting(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to {Address} is lost; making another")]
    public static partial void ConnectionLost(ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Command} was not carried out and is tried again: {Reason}")]
    public static partial void TryingAgain(ILogger logger, string command, string reason);
}
