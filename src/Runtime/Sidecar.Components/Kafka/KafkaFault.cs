using Sidecar.Components.Kafka.Native;

namespace Sidecar.Components.Kafka;

/// <summary>What a code of librdkafka or of a broker means to a person.</summary>
internal static class KafkaFault
{
    /// <summary>Why a message of the topic was not published.</summary>
    /// <param name="lastError">What the client last said of its brokers.</param>
    public static ComponentException NotPublished(int code, string topic, string? partition, TimeSpan limit, int maxMessageBytes, string? lastError) => new(code switch
    {
        KafkaCode.UnknownTopic or KafkaCode.UnknownTopicOrPartition => $"topic '{topic}' does not exist, and the broker makes none by itself; create it first",
        KafkaCode.UnknownPartition => $"topic '{topic}' has no partition {partition}; see publish metadata 'partitionNumber'",
        KafkaCode.MessageTooLarge => $"the message is too large for topic '{topic}': metadata field 'maxMessageBytes' is {maxMessageBytes}, and the broker has a limit of its own",
        KafkaCode.MessageTimedOut => $"no broker took the message for topic '{topic}' within {limit.TotalSeconds:0.###} s{(lastError is null ? "" : $": {lastError}")}",
        KafkaCode.QueueFull => $"too many messages wait to be published; there was no room for one of topic '{topic}' within {limit.TotalSeconds:0.###} s",
        KafkaCode.TopicAuthorizationFailed => $"the broker does not let this client write to topic '{topic}'",
        _ => $"the message for topic '{topic}' was not published: {Librdkafka.TextOf(code)}",
    });

    /// <summary>It is of no use to try again.</summary>
    public static bool IsRefusal(int code) => code is KafkaCode.Authentication or KafkaCode.SaslAuthenticationFailed;

    /// <summary>Why the first connection cannot be had.</summary>
    public static ComponentException Refused(string reason) =>
        new($"the broker refuses the credentials; see metadata fields 'authType', 'saslUsername', 'saslPassword' and 'saslMechanism': {reason}");

    public static ComponentException NoBroker(string brokers, string? lastError) =>
        new($"no broker of metadata field 'brokers' ({brokers}) answers{(lastError is null ? "" : $": {lastError}")}");

    /// <exception cref="ComponentException">Kafka has rules for the names of topics.</exception>
    public static void CheckTopic(string topic)
    {
        if (topic.Length is 0 or > 249 || topic is "." or ".." || topic.AsSpan().ContainsAnyExcept(TopicCharacters))
            throw new ComponentException($"topic '{topic}' cannot be in Kafka: up to 249 letters, digits, '.', '_' and '-'");
    }

    /// <exception cref="ComponentException">The metadata asks for Avro.</exception>
    public static void CheckSchema(IReadOnlyDictionary<string, string> metadata)
    {
        if (metadata.Count > 0 && string.Equals(metadata.GetValueOrDefault("valueSchemaType"), "avro", StringComparison.OrdinalIgnoreCase))
            throw new ComponentException("metadata 'valueSchemaType' is Avro, which this runtime does not speak; leave it out, and publish JSON or raw bytes");
    }

    private static readonly System.Buffers.SearchValues<char> TopicCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
}
