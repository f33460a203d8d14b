namespace Dapr;

/// <summary>Endpoint metadata: where messages go that were given up.</summary>
public interface IDeadLetterTopicMetadata
{
    /// <summary>The topic for messages that were given up; null for none.</summary>
    string? DeadLetterTopic { get; }
}
