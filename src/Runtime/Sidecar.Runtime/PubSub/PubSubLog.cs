using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.PubSub;

internal static partial class PubSubLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Publishing to topic {Topic} in pubsub {Pubsub} failed")]
    public static partial void PublishFailed(ILogger logger, Exception failure, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{AppId} may not publish to topic {Topic} in pubsub {Pubsub}")]
    public static partial void PublishForbidden(ILogger logger, string appId, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Failed} of {All} messages could not be published to topic {Topic} in pubsub {Pubsub}; this is why the first was not")]
    public static partial void BulkPublishFailed(ILogger logger, Exception failure, int failed, int all, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Information, Message = "Subscribed to topic {Topic} in pubsub {Pubsub}")]
    public static partial void Subscribed(ILogger logger, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Error, Message = "Subscribing to topic {Topic} in pubsub {Pubsub} failed; its messages will not be delivered")]
    public static partial void SubscribeFailed(ILogger logger, Exception failure, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Error, Message = "Not subscribed to topic {Topic} in pubsub {Pubsub}: {Problem}")]
    public static partial void SubscriptionRefused(ILogger logger, string topic, string pubsub, string? problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "A failed message of topic {Topic} could not be put on the dead letter topic {DeadLetterTopic} in pubsub {Pubsub}")]
    public static partial void DeadLetterFailed(ILogger logger, Exception failure, string topic, string deadLetterTopic, string pubsub);

    [LoggerMessage(Level = LogLevel.Error, Message = "The app did not answer {Question} in {Attempts} attempts; it gets no subscriptions of its own")]
    public static partial void SubscribeQuestionFailed(ILogger logger, Exception failure, string question, int attempts);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The app has no {Question}")]
    public static partial void NoSubscribeEndpoint(ILogger logger, string question);

    [LoggerMessage(Level = LogLevel.Error, Message = "The app answered GET /dapr/subscribe with {Status}; it gets no subscriptions of its own")]
    public static partial void SubscribeQuestionRefused(ILogger logger, int status);

    [LoggerMessage(Level = LogLevel.Error, Message = "The app's answer to GET /dapr/subscribe is not a list of subscriptions; it gets none of its own")]
    public static partial void SubscribeAnswerUnreadable(ILogger logger, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The app's subscription to topic {Topic} in pubsub {Pubsub} is broken, and with it its whole list: {Reason}")]
    public static partial void SubscribeAnswerBroken(ILogger logger, string pubsub, string topic, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped before all messages under way were handled; the broker will deliver them again")]
    public static partial void StoppedWhileHandling(ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An answer to event {Id} of topic {Topic} in pubsub {Pubsub} came by a stream where none is awaited: it came twice, too late, or has another id")]
    public static partial void AnswerNotAwaited(ILogger logger, string id, string topic, string pubsub);

    [LoggerMessage(Level = LogLevel.Error, Message = "Ending a subscription failed")]
    public static partial void StopFailed(ILogger logger, Exception failure);
}
