namespace Sidecar.Components.Sqlite;

/// <summary>The metadata of <c>pubsub.sqlite</c>.</summary>
internal sealed record SqliteTopicOptions
{
    /// <summary>Consumer group: its members share the messages of a topic, each group gets all of them.</summary>
    public required string ConsumerGroup { get; init; }

    /// <summary>Messages of one subscription handled at the same time.</summary>
    public required int MaxInFlight { get; init; }

    /// <summary>Afterwards the handler's token is cancelled and the message may be delivered again.</summary>
    public required TimeSpan ProcessingTimeout { get; init; }

    /// <summary>Pause before a message that failed comes again; doubles with each attempt up to <see cref="MaxRedeliverInterval"/>.</summary>
    public required TimeSpan RedeliverInterval { get; init; }

    public required TimeSpan MaxRedeliverInterval { get; init; }

    /// <summary>How long a subscription that ends waits for its handlers before it cancels them.</summary>
    public required TimeSpan DrainTimeout { get; init; }

    public required SqliteUpkeep Upkeep { get; init; }

    /// <exception cref="ComponentException">A field is out of its range.</exception>
    public static SqliteTopicOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        return new SqliteTopicOptions
        {
            ConsumerGroup = metadata.Text("consumerID", context.AppId),
            MaxInFlight = metadata.Integer("maxInFlight", 100, minimum: 1),
            ProcessingTimeout = Positive(metadata, "processingTimeout", TimeSpan.FromSeconds(60)),
            RedeliverInterval = Positive(metadata, "redeliverInterval", TimeSpan.FromSeconds(1)),
            MaxRedeliverInterval = Positive(metadata, "maxRedeliverInterval", TimeSpan.FromSeconds(10)),
            DrainTimeout = Positive(metadata, "drainTimeout", TimeSpan.FromSeconds(5)),
            Upkeep = new SqliteUpkeep(
                Positive(metadata, "pollInterval", TimeSpan.FromMilliseconds(500)),
                Positive(metadata, "retention", TimeSpan.FromHours(168)),
                Positive(metadata, "cleanupInterval", TimeSpan.FromMinutes(1))),
        };
    }

    /// <summary>The pause before the delivery that follows attempt number <paramref name="attempts"/>.</summary>
    public TimeSpan RedeliverAfter(int attempts)
    {
        var doubled = RedeliverInterval * Math.Pow(2, Math.Clamp(attempts - 1, 0, 30));
        var most = MaxRedeliverInterval > RedeliverInterval ? MaxRedeliverInterval : RedeliverInterval;
        return doubled < most ? doubled : most;
    }

    private static TimeSpan Positive(ComponentMetadata metadata, string name, TimeSpan defaultValue)
    {
        var value = metadata.Duration(name, defaultValue, TimeSpan.FromSeconds(1));
        return value > TimeSpan.Zero ? value : throw new ComponentException($"metadata field '{name}' must be more than 0");
    }
}

/// <summary>What is done from time to time for a whole file.</summary>
/// <param name="Poll">Safety net behind the wake-ups.</param>
/// <param name="Retention">Age at which messages that every group has passed are deleted.</param>
/// <param name="Cleanup">How often that is looked into.</param>
internal sealed record SqliteUpkeep(TimeSpan Poll, TimeSpan Retention, TimeSpan Cleanup);
