using Sidecar.Components.State;
using TestSupport;

namespace Conformance.State;

/// <summary>What a state store says of itself when it joins the suite.</summary>
public sealed record StateStoreTarget(string Type, StateFeatures Features)
{
    /// <summary>Component metadata; two stores made in one folder have the same backend.</summary>
    public Func<TempFolder, Dictionary<string, string>> Metadata { get; init; } = _ => [];

    /// <summary>What was saved is there after a restart.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Time to live follows the clock the component was given; otherwise those cases are left out.</summary>
    public bool FollowsClock { get; init; } = true;

    /// <summary>Answer to an ETag that this store can never have issued.</summary>
    public StateResult ForeignETag { get; init; } = StateResult.ETagMismatch;
}
