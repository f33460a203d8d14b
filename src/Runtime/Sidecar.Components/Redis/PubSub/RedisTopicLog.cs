using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Redis;

internal static partial class RedisTopicLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "The subscription of topic '{Topic}' begins once its server is there: {Reason}")]
    public static partial void JoinsLater(ILogger logger, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Topic '{Topic}' cannot be read; trying again in {Pause}")]
    public static partial void ReadFailed(ILogger logger, string topic, TimeSpan pause, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "Topic '{Topic}' is read again")]
    public static partial void ReadsAgain(ILogger logger, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Pending entries of topic '{Topic}' could not be looked through; trying again at the next interval")]
    public static partial void ClaimFailed(ILogger logger, string topic, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Message {Id} of topic '{Topic}' was not handled; Redis does not deliver it again")]
    public static partial void HandlerFailed(ILogger logger, string id, string topic, Exception? failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Id} of topic '{Topic}' was not handled in time and stays pending; it comes again")]
    public static partial void LeftPending(ILogger logger, string id, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Id} of topic '{Topic}' was handled, but could not be acknowledged; trying again at the next interval")]
    public static partial void AcknowledgeFailed(ILogger logger, string id, string topic, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages of topic '{Topic}' could not be given back; they come again after processingTimeout")]
    public static partial void GiveBackFailed(ILogger logger, int count, string topic, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} handlers of topic '{Topic}' ignored their cancellation and were left behind; their messages come again")]
    public static partial void HandlersLeftBehind(ILogger logger, int count, string topic);
}
