namespace Sidecar.Components.Secrets;

public interface ISecretStore : IComponent
{
    /// <summary>A secret may hold several values under one name (capability MULTIPLE_KEY_VALUES_PER_SECRET).</summary>
    bool HoldsSeveralValues { get; }

    /// <summary>The secret's values by name, or null if there is no such secret.</summary>
    ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken);

    /// <summary>All secrets this store shows.</summary>
    ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken);
}
