using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Kafka;

internal static partial class KafkaLog
{
    [LoggerMessage(Level = LogLevel.Debug, Message = "librdkafka: {Text}")]
    public static partial void Library(ILogger logger, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Kafka: {Reason}; the client goes on trying")]
    public static partial void ClientError(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Kafka, again: {Reason}")]
    public static partial void ClientErrorAgain(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for a Kafka broker at {Brokers}")]
    public static partial void WaitingForBroker(ILogger logger, string brokers);

    [LoggerMessage(Level = LogLevel.Information, Message = "Metadata fields that change nothing here, because librdkafka has nothing for them: {Fields}")]
    public static partial void FieldsIgnored(ILogger logger, string fields);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Metadata fields '{Fields}' are set, but Avro is not spoken here: messages with 'valueSchemaType: Avro' are refused")]
    public static partial void SchemaRegistryIgnored(ILogger logger, string fields);

    [LoggerMessage(Level = LogLevel.Information, Message = "Group '{Group}' handles partitions {Partitions}")]
    public static partial void Assigned(ILogger logger, string group, string partitions);

    [LoggerMessage(Level = LogLevel.Information, Message = "Group '{Group}' gives back partitions {Partitions}")]
    public static partial void Revoked(ILogger logger, string group, string partitions);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Consumer of group '{Group}': {Reason}")]
    public static partial void ConsumerError(ILogger logger, string group, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Offset} of partition {Partition} of topic '{Topic}' failed at attempt {Attempt}; it comes again in {Seconds} s, and those behind it wait")]
    public static partial void HandlerFailed(ILogger logger, long offset, int partition, string topic, int attempt, double seconds, Exception? failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "Message {Offset} of partition {Partition} of topic '{Topic}' failed at attempt {Attempt} and is passed over")]
    public static partial void PassedOver(ILogger logger, long offset, int partition, string topic, int attempt, Exception? failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Handlers of partition {Partition} of topic '{Topic}' ignored their cancellation and were left behind; their messages come again")]
    public static partial void HandlersLeftBehind(ILogger logger, int partition, string topic);

    [LoggerMessage(Level = LogLevel.Error, Message = "The producer cannot go on and is replaced: {Reason}")]
    public static partial void ProducerReplaced(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Partitions of group '{Group}' did not stop as they should; their messages may come twice")]
    public static partial void StopFailed(ILogger logger, string group, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "The session of group '{Group}' does not end, and is waited for no longer; the broker gives its partitions to others when sessionTimeout is over")]
    public static partial void SessionLeftBehind(ILogger logger, string group);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} messages were not published before the component ended")]
    public static partial void NotFlushed(ILogger logger, int count);
}
