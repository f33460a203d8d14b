namespace Sidecar.Components.Redis;

/// <summary>How topics are written, read and delivered.</summary>
internal sealed record RedisTopicOptions
{
    private static readonly TimeSpan Millisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>Name of the consumer group, and of each of its consumers.</summary>
    public required string ConsumerId { get; init; }

    /// <summary>How often pending entries are looked through.</summary>
    public required TimeSpan RedeliverInterval { get; init; }

    /// <summary>Limit of handling one message; pending entries that old are somebody else's.</summary>
    public required TimeSpan ProcessingTimeout { get; init; }

    /// <summary>Entries read at once.</summary>
    public required int QueueDepth { get; init; }

    /// <summary>Messages that all subscriptions of the component handle at the same time.</summary>
    public required int Concurrency { get; init; }

    /// <summary>Entries that a stream keeps, roughly; 0 = all.</summary>
    public required long MaxLength { get; init; }

    /// <summary>Age at which entries of a stream may go; null = never.</summary>
    public required TimeSpan? StreamTtl { get; init; }

    public bool Redelivers => RedeliverInterval > TimeSpan.Zero && ProcessingTimeout > TimeSpan.Zero;

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static RedisTopicOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        TimeSpan? ttl = metadata.Find("streamTTL") is null ? null : metadata.Duration("streamTTL", TimeSpan.Zero, Millisecond);
        var maxLength = (long)metadata.Integer("maxLenApprox", 0, 0);
        if (ttl <= TimeSpan.Zero)
            throw new ComponentException("metadata field 'streamTTL' must be more than 0");
        if (ttl is not null && maxLength > 0)
            throw new ComponentException("metadata fields 'maxLenApprox' and 'streamTTL' exclude each other");
        return new RedisTopicOptions
        {
            ConsumerId = metadata.Text("consumerID", context.AppId),
            RedeliverInterval = metadata.Duration("redeliverInterval", TimeSpan.FromSeconds(15), Millisecond),
            ProcessingTimeout = metadata.Duration("processingTimeout", TimeSpan.FromSeconds(60), Millisecond),
            QueueDepth = metadata.Integer("queueDepth", 100, 1),
            Concurrency = metadata.Integer("concurrency", 10, 1),
            MaxLength = maxLength,
            StreamTtl = ttl,
        };
    }
}
