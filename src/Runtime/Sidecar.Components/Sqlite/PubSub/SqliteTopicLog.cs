using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Sqlite;

internal static partial class SqliteTopicLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "A wake-up between processes failed; polling finds the messages")]
    public static partial void WakeUpFailed(ILogger logger, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Count} messages that ended processes had under way are up for delivery again")]
    public static partial void LeasesFreed(ILogger logger, int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The upkeep of '{File}' failed; trying again")]
    public static partial void UpkeepFailed(ILogger logger, string file, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No messages of topic '{Topic}' could be claimed; trying again")]
    public static partial void ClaimFailed(ILogger logger, string topic, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Id} of topic '{Topic}' failed at attempt {Attempt}; it comes again")]
    public static partial void HandlerFailed(ILogger logger, long id, string topic, int attempt, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Message {Id} of topic '{Topic}' was cancelled; it comes again")]
    public static partial void HandlerCancelled(ILogger logger, long id, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outcome of message {Id} of topic '{Topic}' could not be recorded; it comes again when its lease ends")]
    public static partial void SettleFailed(ILogger logger, long id, string topic, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} handlers of topic '{Topic}' ignored their cancellation and were left behind; their messages come again")]
    public static partial void HandlersLeftBehind(ILogger logger, int count, string topic);
}
