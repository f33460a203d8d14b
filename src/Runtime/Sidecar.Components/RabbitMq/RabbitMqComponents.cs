namespace Sidecar.Components.RabbitMq;

/// <summary>The component types of this folder.</summary>
internal static class RabbitMqComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("pubsub.rabbitmq", "v1", () => new RabbitMqPubSub())
        {
            Fields =
            [
                .. Connection,
                new("consumerID", "Queues are named after it: <consumerID>-<topic>. Its members share the messages of a topic.", "the app id"),
                new("durable", "Exchanges and queues outlive a restart of the broker.", "true"),
                new("deletedWhenUnused", "Queues, with what is in them, go away with their last consumer, and exchanges with their last queue.", "true"),
                new("autoAck", "A message counts as handled once it is sent to the sidecar.", "false"),
                new("deliveryMode", "0 or 1: messages are gone when the broker restarts. 2: they are on disk.", "0"),
                new("requeueInFailure", "A message that fails goes back to its queue; otherwise it is dead-lettered or dropped.", "false"),
                new("prefetchCount", "Messages that one subscription has under way, at most, 0 to 255; 0 = no limit.", "0"),
                new("reconnectWaitSeconds", "Pause before a subscription connects again, in seconds.", "3"),
                new("concurrencyMode", "parallel, or single: one message at a time and in order.", "parallel"),
                new("enableDeadLetter", "Messages that fail go to the queue dlq-<queue>.", "false"),
                new("maxLen", "Most messages in a queue; the oldest go first. 0 = no limit.", "0"),
                new("maxLenBytes", "Most bytes in a queue; the oldest messages go first. 0 = no limit.", "0"),
                new("exchangeKind", "fanout, topic, direct or headers.", "fanout"),
                new("publisherConfirm", "A publish waits until the broker says that it has the message.", "false"),
                new("ttlInSeconds", "How long a message that says nothing about it may wait in a queue, in seconds.") { Aliases = ["ttl"] },
                new("clientName", "Name that the broker shows for the connections."),
                new("heartBeat", "A peer that is silent for longer is taken for dead.", "10s"),
                new("publishMessagePropertiesToMetadata", "Message properties and headers are handed on as metadata of the delivery.", "false"),
            ],
        },
    ];

    private static IEnumerable<ComponentField> Connection =>
    [
        new("connectionString", "amqp://user:password@host:port/vhost, or amqps:// for TLS; in place of the parts below. Best by secretKeyRef.") { Aliases = ["host"] },
        new("protocol", "amqp, or amqps for TLS.", "amqp"),
        new("hostname", "Host of the broker, with :port where it is not the usual one.", "localhost"),
        new("username", "User.", "guest"),
        new("password", "The user's password. Best by secretKeyRef."),
        new("caCert", "PEM of the authorities to trust."),
        new("clientCert", "PEM of the certificate to show to the broker."),
        new("clientKey", "PEM of that certificate's key. Best by secretKeyRef."),
        new("saslExternal", "The client certificate takes the place of user and password.", "false"),
    ];
}
