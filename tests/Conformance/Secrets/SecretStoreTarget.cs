using TestSupport;

namespace Conformance.Secrets;

/// <summary>What a secret store says of itself when it joins the suite.</summary>
public sealed record SecretStoreTarget(string Type)
{
    /// <summary>Puts the given secrets, each with one value, where the store finds them, and returns the component's metadata.</summary>
    public required Func<TempFolder, IReadOnlyDictionary<string, string>, Dictionary<string, string>> Provide { get; init; }

    /// <summary>Environment of the sidecar, for a store that reads it.</summary>
    public Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>>? Environment { get; init; }

    /// <summary>A secret that does not exist is an empty one, and no error.</summary>
    public bool AbsentIsEmpty { get; init; }
}
