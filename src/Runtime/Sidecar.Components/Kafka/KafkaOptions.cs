using System.Text.RegularExpressions;

namespace Sidecar.Components.Kafka;

/// <summary>The metadata of a Kafka component, read and checked. What is only passed to the client stands in <see cref="KafkaSettings"/>.</summary>
internal sealed record KafkaOptions
{
    public required string Brokers { get; init; }

    public required string ConsumerGroup { get; init; }

    public required KafkaSecurity Security { get; init; }

    public required KafkaRetry Retry { get; init; }

    /// <summary>How long a subscription or a partition that ends waits for its handlers before it cancels them.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    /// <summary>Key and header values are URL-escaped in the metadata of a delivery.</summary>
    public required bool EscapeHeaders { get; init; }

    /// <summary>Headers of that name are neither written nor delivered.</summary>
    public required Regex? ExcludedHeaders { get; init; }

    /// <exception cref="ComponentException">A field is missing or wrong.</exception>
    public static KafkaOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        return new KafkaOptions
        {
            Brokers = ReadBrokers(metadata),
            ConsumerGroup = metadata.Find("consumerGroup", "consumerID") ?? context.AppId,
            Security = KafkaSecurity.Read(metadata),
            Retry = KafkaRetry.Read(metadata),
            DrainTimeout = KafkaSettings.Positive(metadata, "drainTimeout", TimeSpan.FromSeconds(5)),
            EscapeHeaders = metadata.Flag("escapeHeaders"),
            ExcludedHeaders = ReadPattern(metadata),
        };
    }

    private static string ReadBrokers(ComponentMetadata metadata)
    {
        var brokers = metadata.Required("brokers").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return brokers.Length > 0 ? string.Join(',', brokers) : throw new ComponentException("metadata field 'brokers' names no broker; it takes host:port, with commas between");
    }

    private static Regex? ReadPattern(ComponentMetadata metadata)
    {
        if (metadata.Find("excludeHeaderMetaRegex") is not { } pattern)
            return null;
        try
        {
            // The same language as the pattern's own, Go's: nothing that would need to go back.
            return new Regex(pattern, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (Exception failure) when (failure is ArgumentException or NotSupportedException)
        {
            throw new ComponentException($"metadata field 'excludeHeaderMetaRegex' is no regular expression: {failure.Message}", failure);
        }
    }
}
