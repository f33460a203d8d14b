namespace Dapr;

/// <summary>Endpoint metadata: this endpoint takes the events of a topic.</summary>
public interface ITopicMetadata
{
    /// <summary>The topic.</summary>
    string Name { get; }

    /// <summary>The pub/sub component.</summary>
    string PubsubName { get; }

    /// <summary>The CEL expression that events must match; null or empty makes this the topic's default route.</summary>
    string? Match { get; }

    /// <summary>Rules are tried from the lowest priority to the highest.</summary>
    int Priority { get; }
}
