namespace Sidecar.Components.Kafka;

/// <summary>The component types of this folder.</summary>
internal static class KafkaComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("pubsub.kafka", "v1", () => new KafkaPubSub())
        {
            Fields = [.. Connection, .. Security, .. Publishing, .. Consuming, .. Retrying, .. Schemas],
        },
    ];

    private static IEnumerable<ComponentField> Connection =>
    [
        new("brokers", "Brokers to ask first, host:port with commas between.", Required: true),
        new("clientID", "Name of this client in the brokers' logs.", "sarama"),
        new("version", "Version of Kafka's protocol; librdkafka asks the broker instead.", "2.0.0.0"),
        new("dialTimeout", "Limit of opening a connection.", "30s"),
        new("readTimeout", "Limit of waiting for an answer of a broker.", "30s"),
        new("writeTimeout", "How long a message may wait for a broker that takes it.", "30s"),
        new("metadataTimeout", "Limit of asking for topics; librdkafka has none of its own for it.", "0"),
        new("clientConnectionTopicMetadataRefreshInterval", "How often topics and partitions are looked up anew.", "8m"),
        new("clientConnectionKeepAliveInterval", "More than 0: TCP keep-alive.", "0"),
    ];

    private static IEnumerable<ComponentField> Security =>
    [
        new("authType", "none, password, mtls, certificate or oidc; with any but none connections are encrypted.") { Aliases = ["authRequired"] },
        new("saslUsername", "User, for password."),
        new("saslPassword", "Password, for password."),
        new("saslMechanism", "SHA-256 or SHA-512 for SCRAM; anything else is PLAIN.", "PLAINTEXT"),
        new("caCert", "PEM of the authority that signs the brokers' certificates.", "the machine's"),
        new("clientCert", "PEM of the certificate to show."),
        new("clientKey", "PEM of its key."),
        new("skipVerify", "true: any certificate of a broker will do.", "false"),
        new("disableTls", "true: not encrypted, whatever the authType.", "false"),
        new("oidcTokenEndpoint", "Address that gives tokens, for oidc."),
        new("oidcClientID", "Client at the token endpoint."),
        new("oidcClientSecret", "Its secret."),
        new("oidcScopes", "Scopes to ask for, with commas between.", "openid"),
        new("oidcExtensions", "JSON object of what is sent along with a token."),
    ];

    private static IEnumerable<ComponentField> Publishing =>
    [
        new("maxMessageBytes", "Largest message that is published.", "1048576"),
        new("producerRequiredAcks", "Who must have a message before it counts as published: all replicas, the local one, or none.", "all"),
        new("producerRetryMax", "Attempts after the first one, within writeTimeout.", "no limit"),
        new("compression", "none, gzip, snappy, lz4 or zstd.", "none"),
        new("escapeHeaders", "true: keys and header values come URL-escaped with a delivery.", "false"),
        new("excludeHeaderMetaRegex", "Metadata of that name is no header, and headers of that name are not delivered."),
    ];

    private static IEnumerable<ComponentField> Consuming =>
    [
        new("consumerGroup", "Consumer group: its members share the partitions of a topic, every group gets all messages.", "consumerID"),
        new("consumerID", "Consumer group, if consumerGroup does not name it.", "the app id"),
        new("initialOffset", "Where a new group starts: newest or oldest.", "newest"),
        new("heartbeatInterval", "How often a member tells the group that it lives.", "3s"),
        new("sessionTimeout", "Silence after which the group takes a member for dead.", "10s"),
        new("consumerGroupRebalanceStrategy", "range, roundrobin or sticky (librdkafka's cooperative-sticky).", "range"),
        new("drainTimeout", "How long a subscription or partition that ends waits for its handlers before it cancels them.", "5s"),
        new("channelBufferSize", "Messages to hold between steps; here what is fetched is limited by its size.", "256"),
        new("consumerFetchMin", "Bytes for which a broker waits before it answers.", "1"),
        new("consumerFetchDefault", "Bytes of a partition that are fetched at once.", "1048576"),
        new("consumerFetchWait", "How long a broker may wait for consumerFetchMin.", "500ms"),
        new("consumeRetryInterval", "Pause between attempts to join the group; librdkafka has its own.", "100ms"),
    ];

    private static IEnumerable<ComponentField> Retrying =>
    [
        new("consumeRetryEnabled", "A message that fails is tried again in its place; false: it is passed over.", "true"),
        new("backOffPolicy", "Pauses between tries: constant or exponential.", "constant"),
        new("backOffDuration", "Each pause, for constant.", "5s"),
        new("backOffInitialInterval", "First pause, for exponential.", "500ms"),
        new("backOffMultiplier", "By which a pause grows, for exponential.", "1.5"),
        new("backOffRandomizationFactor", "Part by which a pause may differ, for exponential.", "0.5"),
        new("backOffMaxInterval", "Longest pause, for exponential.", "60s"),
        new("backOffMaxElapsedTime", "After this long a message is passed over, for exponential; 0 = never.", "15m"),
        new("backOffMaxRetries", "Tries after the first one; -1 = no limit.", "-1"),
    ];

    private static IEnumerable<ComponentField> Schemas =>
    [
        new("schemaRegistryURL", "Avro is not spoken here; messages that ask for it are refused."),
        new("schemaRegistryAPIKey", "See schemaRegistryURL."),
        new("schemaRegistryAPISecret", "See schemaRegistryURL."),
        new("schemaCachingEnabled", "See schemaRegistryURL.", "true"),
        new("schemaLatestVersionCacheTTL", "See schemaRegistryURL.", "5m"),
        new("useAvroJSON", "See schemaRegistryURL.", "false"),
    ];
}
