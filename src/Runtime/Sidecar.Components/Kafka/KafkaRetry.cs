namespace Sidecar.Components.Kafka;

/// <summary>When a message whose handler failed is handed to it again, inside the component: the <c>backOff…</c> fields.</summary>
internal sealed record KafkaRetry
{
    public static KafkaRetry Never { get; } = new() { MaxRetries = 0 };

    /// <summary>Pauses grow; otherwise each lasts <see cref="Duration"/>.</summary>
    public bool IsExponential { get; init; }

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan InitialInterval { get; init; } = TimeSpan.FromMilliseconds(500);

    public double Multiplier { get; init; } = 1.5;

    /// <summary>Part of a growing pause by which it may be longer or shorter.</summary>
    public double RandomizationFactor { get; init; } = 0.5;

    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>No retry later than this after the first failure where pauses grow; zero = without limit.</summary>
    public TimeSpan MaxElapsedTime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Below zero = without limit.</summary>
    public int MaxRetries { get; init; } = -1;

    /// <exception cref="ComponentException">A field is wrong.</exception>
    public static KafkaRetry Read(ComponentMetadata metadata)
    {
        var standard = new KafkaRetry();
        var second = TimeSpan.FromSeconds(1);
        var policy = metadata.Text("backOffPolicy", "constant");
        var read = standard with
        {
            IsExponential = policy.ToLowerInvariant() switch
            {
                "constant" => false,
                "exponential" => true,
                _ => throw new ComponentException($"metadata field 'backOffPolicy' is '{policy}', expected constant or exponential"),
            },
            Duration = metadata.Duration("backOffDuration", standard.Duration, second),
            InitialInterval = metadata.Duration("backOffInitialInterval", standard.InitialInterval, second),
            Multiplier = Number(metadata, "backOffMultiplier", standard.Multiplier),
            RandomizationFactor = Number(metadata, "backOffRandomizationFactor", standard.RandomizationFactor),
            MaxInterval = metadata.Duration("backOffMaxInterval", standard.MaxInterval, second),
            MaxElapsedTime = metadata.Duration("backOffMaxElapsedTime", standard.MaxElapsedTime, second),
            MaxRetries = metadata.Integer("backOffMaxRetries", standard.MaxRetries),
        };
        return metadata.Flag("consumeRetryEnabled", defaultValue: true) ? read : Never;
    }

    /// <summary>The pause before the next attempt; null = give up.</summary>
    /// <param name="failures">Attempts that failed by now, at least 1.</param>
    /// <param name="elapsed">Since the first attempt failed.</param>
    /// <param name="random">From 0 to 1.</param>
    public TimeSpan? PauseAfter(int failures, TimeSpan elapsed, double random)
    {
        if (MaxRetries >= 0 && failures > MaxRetries)
            return null;
        if (!IsExponential)
            return Duration;
        var most = MaxInterval > InitialInterval ? MaxInterval : InitialInterval;
        var grown = InitialInterval.TotalMilliseconds * Math.Pow(Multiplier, Math.Min(failures - 1, 1000));
        var pause = TimeSpan.FromMilliseconds(Math.Min(grown, most.TotalMilliseconds)) * (1 + (RandomizationFactor * ((2 * random) - 1)));
        return MaxElapsedTime > TimeSpan.Zero && elapsed + pause > MaxElapsedTime ? null : pause;
    }

    private static double Number(ComponentMetadata metadata, string name, double defaultValue)
    {
        if (metadata.Find(name) is not { } text)
            return defaultValue;
        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number) && number is >= 0 and < 1000
            ? number
            : throw new ComponentException($"metadata field '{name}' is '{text}', expected a number of at least 0");
    }
}
