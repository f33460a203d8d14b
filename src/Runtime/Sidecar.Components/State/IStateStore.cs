namespace Sidecar.Components.State;

/// <summary>
/// A state store. Keys arrive with their prefix; values are opaque bytes. Every conformance rule of this interface is a
/// test in <c>tests/Conformance/State</c>.
/// </summary>
public interface IStateStore : IComponent
{
    StateFeatures Features { get; }

    /// <summary>Most operations one transaction may hold; null = no limit.</summary>
    int? MaxOperationsPerTransaction => null;

    /// <summary>The live item under the key, or null if there is none or it has expired.</summary>
    ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken);

    ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken);

    /// <summary>Deleting an absent key without an ETag is a success.</summary>
    ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken);

    /// <summary>Applies all operations in order, or none where the store can promise that. Needs <see cref="StateFeatures.Transactional"/>.</summary>
    ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken);
}

/// <summary>Capabilities, as they are listed in the metadata API.</summary>
[Flags]
public enum StateFeatures
{
    None = 0,
    ETag = 1,
    Transactional = 2,
    Ttl = 4,
    KeysLike = 8,
    DeleteWithPrefix = 16,
}

public enum StateConcurrency
{
    /// <summary>An ETag is a condition; without one the last write wins.</summary>
    Unspecified,

    /// <summary>As unspecified; Redis, as Dapr has it, then disregards the ETag of a save.</summary>
    LastWrite,
    FirstWrite,
}

public enum StateConsistency
{
    Unspecified,
    Eventual,
    Strong,
}

public enum StateResult
{
    Ok,

    /// <summary>The ETag does not match, or first-write found the key taken: 409.</summary>
    ETagMismatch,

    /// <summary>The ETag is not of the form this store issues: 400.</summary>
    ETagInvalid,
}

public readonly record struct StateReadOptions(StateConsistency Consistency = StateConsistency.Unspecified);

/// <param name="ETag">Opaque version of the item; empty for what somebody else has written and that has none.</param>
/// <param name="ExpiresAt">When the item goes away by itself; null = never, or unknown to the store.</param>
public sealed record StateItem(ReadOnlyMemory<byte> Value, string ETag, DateTimeOffset? ExpiresAt = null);

public abstract record StateOperation(string Key)
{
    /// <summary>Condition: the key's present ETag. Null or empty = none.</summary>
    public string? ETag { get; init; }

    public StateConcurrency Concurrency { get; init; }

    public bool HasETag => !string.IsNullOrEmpty(ETag);
}

/// <param name="Value">The bytes to keep.</param>
/// <param name="IsJson">The bytes are JSON text (saved over HTTP or with that content type), not arbitrary binary.</param>
public sealed record StateUpsert(string Key, ReadOnlyMemory<byte> Value, bool IsJson = true) : StateOperation(Key)
{
    /// <summary>Seconds to live; null or ≤ 0 = no expiry.</summary>
    public int? TtlInSeconds { get; init; }

    public StateConsistency Consistency { get; init; }
}

public sealed record StateDelete(string Key) : StateOperation(Key);
