namespace Dapr.Client;

/// <summary>What a sidecar tells about itself.</summary>
/// <param name="id">The app-id.</param>
/// <param name="actors">Actor types with active actors.</param>
/// <param name="extended">Further attributes by name.</param>
/// <param name="components">The loaded components.</param>
public sealed class DaprMetadata(
    string id,
    IReadOnlyList<DaprActorMetadata> actors,
    IReadOnlyDictionary<string, string> extended,
    IReadOnlyList<DaprComponentsMetadata> components)
{
    /// <summary>The app-id.</summary>
    public string Id { get; } = id;

    /// <summary>Actor types with active actors.</summary>
    public IReadOnlyList<DaprActorMetadata> Actors { get; } = actors;

    /// <summary>Further attributes by name, those of <see cref="DaprClient.SetMetadataAsync"/> included.</summary>
    public IReadOnlyDictionary<string, string> Extended { get; } = extended;

    /// <summary>The loaded components.</summary>
    public IReadOnlyList<DaprComponentsMetadata> Components { get; } = components;
}
