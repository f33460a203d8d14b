namespace Sidecar.Runtime.Faults;

/// <summary>What is to go wrong on purpose, and how often: the content of a faults file.</summary>
/// <param name="Seed">The same seed and the same calls in the same order go wrong in the same places.</param>
internal sealed record FaultSettings(int Seed, IReadOnlyList<FaultRule> Calls, IReadOnlyList<FaultRule> Messages, IReadOnlyList<FaultRule> Components);

/// <summary>One way to go wrong. Of several that fit, the first whose lot is drawn counts.</summary>
/// <param name="Name">App-id, topic or component; <c>*</c> = every.</param>
/// <param name="Share">From 0 to 1.</param>
internal sealed record FaultRule(string Name, double Share)
{
    /// <summary>Path of a call, or operation of a component; null = every.</summary>
    public string? Part { get; init; }

    public TimeSpan Delay { get; init; }

    /// <summary>Not done; a call is answered with this status.</summary>
    public int? Status { get; init; }

    /// <summary>Not done: the connection breaks, the message goes back to its broker, the component fails.</summary>
    public bool Fails { get; init; }

    /// <summary>Done, and the answer lost.</summary>
    public bool LosesAnswer { get; init; }

    /// <summary>Done twice.</summary>
    public bool Duplicates { get; init; }

    public bool Fits(string name, string? part) => (Name == "*" || Name == name) && (Part is null || Part == part);
}
