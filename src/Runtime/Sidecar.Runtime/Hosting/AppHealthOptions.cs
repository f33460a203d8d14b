namespace Sidecar.Runtime.Hosting;

/// <summary>How the app's health is asked for (contract 1.1, <c>--app-health-*</c>).</summary>
public sealed record AppHealthOptions
{
    /// <summary>Path of the app; 2xx = healthy.</summary>
    public string Path { get; init; } = "/healthz";

    /// <summary>From one probe to the next; ≤ 0 = default, 5 s.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>No answer within it is a failure; ≤ 0 = default, 500 ms. Must not be longer than <see cref="Interval"/>.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Failures that make a healthy app unhealthy; ≤ 0 = default, 3.</summary>
    public int Threshold { get; init; }

    internal AppHealthOptions WithDefaults() => new()
    {
        Path = Path.Length == 0 ? "/healthz" : Path.StartsWith('/') ? Path : $"/{Path}",
        Interval = Interval > TimeSpan.Zero ? Interval : TimeSpan.FromSeconds(5),
        Timeout = Timeout > TimeSpan.Zero ? Timeout : TimeSpan.FromMilliseconds(500),
        Threshold = Threshold > 0 ? Threshold : 3,
    };
}
