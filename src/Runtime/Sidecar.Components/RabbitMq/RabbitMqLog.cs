using Microsoft.Extensions.Logging;

namespace Sidecar.Components.RabbitMq;

internal static partial class RabbitMqLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "Connected to RabbitMQ at {Host}:{Port} for {Purpose}")]
    public static partial void Connected(ILogger logger, string host, int port, string purpose);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The connection to RabbitMQ at {Host}:{Port} for {Purpose} is lost: {Reason}")]
    public static partial void ConnectionLost(ILogger logger, string host, int port, string purpose, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Publishing to topic '{Topic}' failed, try {Attempt} of {Attempts}: {Reason}")]
    public static partial void PublishFailed(ILogger logger, string topic, int attempt, int attempts, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "RabbitMQ refused a message of topic '{Topic}' after it had taken it; it is lost")]
    public static partial void NotConfirmed(ILogger logger, string topic);

    [LoggerMessage(Level = LogLevel.Information, Message = "Queue '{Queue}' of topic '{Topic}' is consumed again")]
    public static partial void Resumed(ILogger logger, string queue, string topic);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Queue '{Queue}' of topic '{Topic}' is not consumed: {Reason}; trying again in {Pause}")]
    public static partial void NotConsumed(ILogger logger, string queue, string topic, string reason, TimeSpan pause);

    [LoggerMessage(Level = LogLevel.Error, Message = "A message of queue '{Queue}' was not handled (requeue: {Requeue})")]
    public static partial void HandlerFailed(ILogger logger, string queue, bool requeue, Exception failure);

    [LoggerMessage(Level = LogLevel.Debug, Message = "A message of queue '{Queue}' was cancelled; the broker delivers it again")]
    public static partial void HandlerCancelled(ILogger logger, string queue);

    [LoggerMessage(Level = LogLevel.Debug, Message = "What became of a message of queue '{Queue}' could not be told to the broker, which delivers it again")]
    public static partial void SettleFailed(ILogger logger, string queue, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} handlers of queue '{Queue}' did not end when they were cancelled; their messages go back to the broker")]
    public static partial void HandlersLeftBehind(ILogger logger, int count, string queue);
}
