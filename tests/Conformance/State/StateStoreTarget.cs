using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.State;

/// <summary>What a state store says of itself when it joins the suite.</summary>
public sealed record StateStoreTarget(string Type, StateFeatures Features)
{
    /// <summary>Component metadata; two stores made in one folder have the same backend.</summary>
    public Func<TempFolder, Dictionary<string, string>> Metadata { get; init; } = _ => [];

    /// <summary><c>spec.version</c>.</summary>
    public string Version { get; init; } = "v1";

    /// <summary>The real server it talks to, whose address is added to <see cref="Metadata"/>; all tests share it.</summary>
    public BrokerKind? Server { get; init; }

    /// <summary>Metadata that make it notice a lost server, or a lost member, within a second or two.</summary>
    public Func<Dictionary<string, string>, Dictionary<string, string>> Impatient { get; init; } = metadata => metadata;

    /// <summary>What was saved is there after a restart.</summary>
    public bool IsDurable { get; init; }

    /// <summary>Time to live follows the clock the component was given; otherwise those cases are left out.</summary>
    public bool FollowsClock { get; init; } = true;

    /// <summary>Answer to an ETag that this store can never have issued.</summary>
    public StateResult ForeignETag { get; init; } = StateResult.ETagMismatch;

    /// <summary>Answer to a save with an ETag under a key that is absent.</summary>
    public StateResult ETagOfAbsentKey { get; init; } = StateResult.ETagMismatch;

    /// <summary>Answer to a delete with an ETag under a key that is absent.</summary>
    public StateResult DeleteOfAbsentKey { get; init; } = StateResult.ETagMismatch;

    /// <summary>Answer to a delete with <see cref="ForeignETag"/>'s kind of ETag.</summary>
    public StateResult ForeignETagOfDelete { get; init; } = StateResult.ETagMismatch;

    /// <summary>A first-write save without ETag under a key that is taken is an error and not a mismatch.</summary>
    public bool FirstWriteThrows { get; init; }

    /// <summary>A transaction of which one operation fails changes nothing.</summary>
    public bool RollsBack { get; init; } = true;

    /// <summary>Saving again without a time to live clears the earlier one; otherwise it stays.</summary>
    public bool ClearsTtl { get; init; } = true;

    /// <summary>Items tell when they expire.</summary>
    public bool TellsExpiry { get; init; } = true;
}
