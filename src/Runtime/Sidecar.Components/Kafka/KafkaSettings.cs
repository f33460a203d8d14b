using System.Globalization;
using System.Text.RegularExpressions;
using Sidecar.Components.Kafka.Native;

namespace Sidecar.Components.Kafka;

/// <summary>Metadata fields as settings of librdkafka, whose words and ranges are others than Sarama's, after which the fields are made.</summary>
internal static partial class KafkaSettings
{
    /// <summary>Sarama's limit of one message.</summary>
    private const int StandardMessageBytes = 1 << 20;

    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <summary>Fields of Sarama's ways that librdkafka has nothing for.</summary>
    private static readonly string[] Unused = ["version", "channelBufferSize", "consumeRetryInterval", "metadataTimeout"];

    /// <summary>Fields that are set and change nothing.</summary>
    public static IReadOnlyList<string> IgnoredFields(ComponentMetadata metadata) => [.. Unused.Where(name => metadata.Find(name) is not null)];

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static IReadOnlyList<KafkaSetting> ForProducer(KafkaOptions options, ComponentMetadata metadata) =>
        [.. Common(options, metadata), .. Producer(metadata)];

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static IReadOnlyList<KafkaSetting> ForConsumer(KafkaOptions options, ComponentMetadata metadata) =>
        [.. Common(options, metadata), .. Consumer(options, metadata)];

    /// <summary>How long a message may wait for a broker that takes it.</summary>
    public static TimeSpan PublishLimit(ComponentMetadata metadata) => Positive(metadata, "writeTimeout", TimeSpan.FromSeconds(30));

    /// <summary>Bytes of one message that the producer takes at most.</summary>
    public static int MaxMessageBytes(ComponentMetadata metadata) => metadata.Integer("maxMessageBytes", StandardMessageBytes, minimum: 1000, maximum: 1_000_000_000);

    private static IEnumerable<KafkaSetting> Common(KafkaOptions options, ComponentMetadata metadata)
    {
        if (metadata.Find("version") is { } version && !Version().IsMatch(version))
            throw new ComponentException($"metadata field 'version' is '{version}', expected a version of Kafka such as 2.0.0");
        yield return new("bootstrap.servers", options.Brokers, "brokers");
        yield return new("client.id", metadata.Text("clientID", "sarama"), "clientID");
        yield return new("socket.connection.setup.timeout.ms", Milliseconds(Positive(metadata, "dialTimeout", TimeSpan.FromSeconds(30))), "dialTimeout");
        yield return new("socket.timeout.ms", Milliseconds(Positive(metadata, "readTimeout", TimeSpan.FromSeconds(30))), "readTimeout");
        yield return new("socket.keepalive.enable", metadata.Duration("clientConnectionKeepAliveInterval", TimeSpan.Zero, Second) > TimeSpan.Zero ? "true" : "false", "clientConnectionKeepAliveInterval");
        yield return new("topic.metadata.refresh.interval.ms", Milliseconds(Positive(metadata, "clientConnectionTopicMetadataRefreshInterval", TimeSpan.FromMinutes(8))), "clientConnectionTopicMetadataRefreshInterval");

        // A broker that is back is found within 2 s, in place of 10; small messages leave at once; idle connections may end unsaid.
        yield return new("reconnect.backoff.max.ms", "2000", "brokers");
        yield return new("socket.nagle.disable", "true", "brokers");
        yield return new("log.connection.close", "false", "brokers");
        foreach (var setting in options.Security.Settings)
            yield return setting;
    }

    private static IEnumerable<KafkaSetting> Producer(ComponentMetadata metadata)
    {
        var acks = metadata.Text("producerRequiredAcks", "all").ToLowerInvariant() switch
        {
            "all" => "all",
            "local" => "1",
            "none" => "0",
            var other => throw new ComponentException($"metadata field 'producerRequiredAcks' is '{other}', expected all, local or none"),
        };
        yield return new("acks", acks, "producerRequiredAcks");

        // Without it a retry could change the order or write twice; it needs the word of all replicas.
        yield return new("enable.idempotence", acks == "all" ? "true" : "false", "producerRequiredAcks");
        if (metadata.Find("producerRetryMax") is not null)
            yield return new("message.send.max.retries", Text(metadata.Integer("producerRetryMax", 5, minimum: acks == "all" ? 1 : 0)), "producerRetryMax");
        yield return new("compression.type", OneOf(metadata, "compression", "none", "none", "gzip", "snappy", "lz4", "zstd"), "compression");
        yield return new("message.max.bytes", Text(MaxMessageBytes(metadata)), "maxMessageBytes");
        yield return new("message.timeout.ms", Milliseconds(PublishLimit(metadata)), "writeTimeout");

        // As long may a topic be unknown that a publish has the broker make; afterwards it does not exist.
        yield return new("topic.metadata.propagation.max.ms", Milliseconds(Shorter(PublishLimit(metadata) / 2, TimeSpan.FromSeconds(5))), "writeTimeout");
        yield return new("linger.ms", "0", "brokers");

        // The partition that Sarama would take for a key; without a key any.
        yield return new("partitioner", "fnv1a_random", "brokers");
    }

    private static IEnumerable<KafkaSetting> Consumer(KafkaOptions options, ComponentMetadata metadata)
    {
        yield return new("group.id", options.ConsumerGroup, "consumerGroup");
        yield return new("auto.offset.reset", OneOf(metadata, "initialOffset", "newest", "newest", "oldest") == "oldest" ? "earliest" : "latest", "initialOffset");
        yield return new("session.timeout.ms", Milliseconds(Positive(metadata, "sessionTimeout", TimeSpan.FromSeconds(10))), "sessionTimeout");
        yield return new("heartbeat.interval.ms", Milliseconds(Positive(metadata, "heartbeatInterval", TimeSpan.FromSeconds(3))), "heartbeatInterval");
        var strategy = OneOf(metadata, "consumerGroupRebalanceStrategy", "range", "range", "sticky", "roundrobin");
        yield return new("partition.assignment.strategy", strategy == "sticky" ? "cooperative-sticky" : strategy, "consumerGroupRebalanceStrategy");
        yield return new("fetch.min.bytes", Text(metadata.Integer("consumerFetchMin", 1, minimum: 1)), "consumerFetchMin");
        yield return new("max.partition.fetch.bytes", Text(metadata.Integer("consumerFetchDefault", 1 << 20, minimum: 1)), "consumerFetchDefault");
        yield return new("fetch.wait.max.ms", Milliseconds(Positive(metadata, "consumerFetchWait", TimeSpan.FromMilliseconds(500))), "consumerFetchWait");

        // What is fetched ahead, for each partition.
        yield return new("queued.max.messages.kbytes", "8192", "consumerFetchDefault");

        // An offset counts when it is stored, after the handler, and reaches the broker within a second.
        yield return new("enable.auto.commit", "true", "consumerGroup");
        yield return new("auto.commit.interval.ms", "1000", "consumerGroup");
        yield return new("enable.auto.offset.store", "false", "consumerGroup");

        // As Sarama asks: a topic that is not there may be made by the broker.
        yield return new("allow.auto.create.topics", "true", "brokers");
    }

    private static string OneOf(ComponentMetadata metadata, string name, string defaultValue, params string[] known)
    {
        var text = metadata.Text(name, defaultValue).ToLowerInvariant();
        return known.Contains(text) ? text : throw new ComponentException($"metadata field '{name}' is '{text}', expected {string.Join(", ", known[..^1])} or {known[^1]}");
    }

    /// <exception cref="ComponentException">Not a duration, or out of range.</exception>
    public static TimeSpan Positive(ComponentMetadata metadata, string name, TimeSpan defaultValue)
    {
        var value = metadata.Duration(name, defaultValue, Second);
        return value >= Millisecond && value <= TimeSpan.FromDays(1) ? value : throw new ComponentException($"metadata field '{name}' must be from 1ms to 24h");
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static string Milliseconds(TimeSpan duration) => Text((int)duration.TotalMilliseconds);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^v?\d+(\.\d+){0,3}$")]
    private static partial Regex Version();
}
