namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: Resiliency</c> (contract section 4.4): policies by name, and what they are applied to. Several are merged, later names win.</summary>
public sealed record ResiliencyResource(ResourceOrigin Origin, string Name) : Resource(Origin, Name)
{
    public IReadOnlyDictionary<string, TimeSpan> Timeouts { get; init; } = new Dictionary<string, TimeSpan>();

    public IReadOnlyDictionary<string, RetryPolicy> Retries { get; init; } = new Dictionary<string, RetryPolicy>();

    public IReadOnlyDictionary<string, CircuitBreakerPolicy> CircuitBreakers { get; init; } = new Dictionary<string, CircuitBreakerPolicy>();

    /// <summary>By app id, HTTPEndpoint name or URL.</summary>
    public IReadOnlyDictionary<string, AppTarget> Apps { get; init; } = new Dictionary<string, AppTarget>();

    /// <summary>By actor type.</summary>
    public IReadOnlyDictionary<string, ActorTarget> Actors { get; init; } = new Dictionary<string, ActorTarget>();

    /// <summary>By component name.</summary>
    public IReadOnlyDictionary<string, ComponentTarget> Components { get; init; } = new Dictionary<string, ComponentTarget>();

    /// <summary>Every use of a policy, for the check that it exists.</summary>
    internal IReadOnlyList<PolicyReference> References { get; init; } = [];
}

public sealed record RetryPolicy
{
    /// <summary>Waiting times grow from 500 ms by half, up to <see cref="MaxInterval"/>; otherwise each is <see cref="Duration"/>.</summary>
    public bool IsExponential { get; init; }

    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan MaxInterval { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Attempts after the first; negative = unlimited.</summary>
    public int MaxRetries { get; init; } = -1;

    /// <summary>No retry of an exponential policy begins later than this after the first failure. Files cannot set it.</summary>
    public TimeSpan MaxElapsed { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The only HTTP codes that are retried; null = every failure.</summary>
    public StatusCodeSet? HttpStatusCodes { get; init; }

    /// <summary>The only gRPC codes that are retried; null = every failure.</summary>
    public StatusCodeSet? GrpcStatusCodes { get; init; }

    /// <summary>Whether a failure with this code is retried. One without a code, such as a connection that broke, always is.</summary>
    public bool Matches(int? httpStatus, int? grpcStatus) =>
        (httpStatus is not { } http || HttpStatusCodes?.Contains(http) != false) && (grpcStatus is not { } grpc || GrpcStatusCodes?.Contains(grpc) != false);
}

public sealed record CircuitBreakerPolicy
{
    public const string DefaultTrip = "consecutiveFailures > 5";

    /// <summary>Requests let through while half-open.</summary>
    public int MaxRequests { get; init; } = 1;

    /// <summary>How often the counters start anew while closed; zero = never.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>How long it stays open.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>CEL over requests, totalSuccesses, totalFailures, consecutiveSuccesses and consecutiveFailures.</summary>
    public string Trip { get; init; } = DefaultTrip;
}

/// <summary>Names of the policies of a target; null = none.</summary>
public sealed record PolicyNames(string? Timeout, string? Retry, string? CircuitBreaker);

public sealed record AppTarget(PolicyNames Policies)
{
    public int CircuitBreakerCacheSize { get; init; } = 100;
}

public sealed record ActorTarget(PolicyNames Policies)
{
    /// <summary>type, id or both; null without a breaker.</summary>
    public string? CircuitBreakerScope { get; init; }

    public int CircuitBreakerCacheSize { get; init; } = 5000;
}

/// <param name="Outbound">From the API to the component.</param>
/// <param name="Inbound">From the component to the app.</param>
public sealed record ComponentTarget(PolicyNames Outbound, PolicyNames Inbound);

/// <param name="Kind">timeout, retry or circuitBreaker.</param>
/// <param name="Field">Path of the field that names it.</param>
internal sealed record PolicyReference(string Kind, string Policy, int Line, string Field)
{
    /// <summary>An actor target names it.</summary>
    public bool IsOfActor { get; init; }

    /// <summary>The policy is not named by a target; it is a default by its own name.</summary>
    public bool IsDefault { get; init; }
}

/// <summary>Status codes as a retry's <c>matching</c> gives them: codes and ranges with commas between, as in <c>429,500-599</c>.</summary>
public sealed class StatusCodeSet
{
    private readonly List<(int First, int Last)> _ranges = [];

    private StatusCodeSet()
    {
    }

    public bool Contains(int code) => _ranges.Exists(range => code >= range.First && code <= range.Last);

    /// <summary>null when the text is not such a list, or a code is outside the limits.</summary>
    public static StatusCodeSet? Parse(string text, int minimum, int maximum)
    {
        var codes = new StatusCodeSet();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !TryParse(ends[0], out var first) || !TryParse(ends[^1], out var last) || first > last)
                return null;
            codes._ranges.Add((first, last));
        }

        return codes;

        bool TryParse(string digits, out int code) =>
            int.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out code) && code >= minimum && code <= maximum;
    }
}
