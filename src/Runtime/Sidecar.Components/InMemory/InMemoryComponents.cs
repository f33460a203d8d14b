namespace Sidecar.Components.InMemory;

/// <summary>The component types of this folder. They have no fields.</summary>
internal static class InMemoryComponents
{
    public static IEnumerable<ComponentType> Types { get; } =
    [
        new("state.in-memory", "v1", () => new InMemoryStateStore()),
        new("pubsub.in-memory", "v1", () => new InMemoryPubSub()),
    ];
}
