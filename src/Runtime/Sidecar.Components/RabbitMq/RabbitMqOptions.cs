using System.Globalization;
using RabbitMQ.Client;

namespace Sidecar.Components.RabbitMq;

/// <summary>The fields of a <c>pubsub.rabbitmq</c> component.</summary>
internal sealed record RabbitMqOptions
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public required string ConsumerId { get; init; }

    public bool Durable { get; init; }

    public bool DeletedWhenUnused { get; init; }

    public bool AutoAck { get; init; }

    /// <summary>0 = not said, which the broker takes for transient.</summary>
    public DeliveryModes DeliveryMode { get; init; }

    public bool RequeueInFailure { get; init; }

    /// <summary>0 = no limit.</summary>
    public int PrefetchCount { get; init; }

    public TimeSpan ReconnectWait { get; init; }

    /// <summary>One message at a time.</summary>
    public bool IsSingle { get; init; }

    public bool EnableDeadLetter { get; init; }

    public long MaxLength { get; init; }

    public long MaxLengthBytes { get; init; }

    public required string ExchangeKind { get; init; }

    public bool PublisherConfirm { get; init; }

    public TimeSpan? DefaultTimeToLive { get; init; }

    public bool PropertiesToMetadata { get; init; }

    /// <exception cref="ComponentException">A field has no meaning.</exception>
    public static RabbitMqOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        return new RabbitMqOptions
        {
            ConsumerId = metadata.Text("consumerID", context.AppId),
            Durable = metadata.Flag("durable", defaultValue: true),
            DeletedWhenUnused = metadata.Flag("deletedWhenUnused", defaultValue: true),
            AutoAck = metadata.Flag("autoAck"),
            DeliveryMode = (DeliveryModes)metadata.Integer("deliveryMode", 0, 0, 2),
            RequeueInFailure = metadata.Flag("requeueInFailure"),
            PrefetchCount = metadata.Integer("prefetchCount", 0, 0, 255),
            ReconnectWait = metadata.Integer("reconnectWaitSeconds", 3, 0, 3600) * Second,
            IsSingle = OneOf(metadata, "concurrencyMode", "parallel", "single") == "single",
            EnableDeadLetter = metadata.Flag("enableDeadLetter"),
            MaxLength = Length(metadata, "maxLen"),
            MaxLengthBytes = Length(metadata, "maxLenBytes"),
            ExchangeKind = OneOf(metadata, "exchangeKind", "fanout", "topic", "direct", "headers"),
            PublisherConfirm = metadata.Flag("publisherConfirm"),
            DefaultTimeToLive = TimeToLive(metadata),
            PropertiesToMetadata = metadata.Flag("publishMessagePropertiesToMetadata"),
        };
    }

    private static TimeSpan? TimeToLive(ComponentMetadata metadata)
    {
        var field = metadata.Find("ttlInSeconds") is null ? "ttl" : "ttlInSeconds";
        var duration = metadata.Duration(field, TimeSpan.Zero, Second);
        return metadata.Find(field) is null ? null
            : duration > TimeSpan.Zero ? duration
            : throw new ComponentException($"metadata field '{field}' is '{metadata.Find(field)}', expected more than nothing");
    }

    private static long Length(ComponentMetadata metadata, string field)
    {
        if (metadata.Find(field) is not { } text)
            return 0;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            ? length
            : throw new ComponentException($"metadata field '{field}' is '{text}', expected an integer of at least 0");
    }

    /// <summary>The first word is the default.</summary>
    private static string OneOf(ComponentMetadata metadata, string field, params string[] words)
    {
        var word = metadata.Text(field, words[0]);
        return words.Contains(word) ? word : throw new ComponentException($"metadata field '{field}' is '{word}', expected {string.Join(", ", words)}");
    }
}
