namespace Dapr.Client;

/// <summary>An actor type and how many of its actors are active here.</summary>
/// <param name="type">The actor type.</param>
/// <param name="count">Active actors.</param>
public sealed class DaprActorMetadata(string type, int count)
{
    /// <summary>The actor type.</summary>
    public string Type { get; } = type;

    /// <summary>Active actors.</summary>
    public int Count { get; } = count;
}
