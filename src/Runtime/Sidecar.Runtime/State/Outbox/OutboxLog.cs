using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.State.Outbox;

internal static partial class OutboxLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Outbox: cannot consume topic {Topic} of pubsub {Pubsub}; its events will not be published")]
    public static partial void NotSubscribed(this ILogger logger, string topic, string pubsub, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: the subscription to topic {Topic} of pubsub {Pubsub} did not end well")]
    public static partial void NotEnded(this ILogger logger, string topic, string pubsub, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Outbox: dropped a message on {Topic} that is no CloudEvent with an id")]
    public static partial void NotAnEvent(this ILogger logger, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: stopped while events were being published; they will be published again")]
    public static partial void StoppedWhileRelaying(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: event {Id} could not be handled and is tried again")]
    public static partial void RelayFailed(this ILogger logger, string id, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: event {Id} could not be published to topic {Topic} of pubsub {Pubsub} and goes to the end of its topic: {Reason}")]
    public static partial void NotPassedOn(this ILogger logger, string id, string topic, string pubsub, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: the transaction of event {Id} does not show in state store {Store}; the event goes to the end of its topic")]
    public static partial void MarkerMissing(this ILogger logger, string id, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: the transaction of event {Id} does not show in state store {Store}; the event is discarded")]
    public static partial void Discarded(this ILogger logger, string id, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox: an event that waited on topic {Topic} of pubsub {Pubsub} is left to the broker, which could not take it anew")]
    public static partial void NotPutBehind(this ILogger logger, string topic, string pubsub, Exception failure);
}
