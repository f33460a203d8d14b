namespace Dapr;

/// <summary>Endpoint metadata: whether messages come without a CloudEvent envelope.</summary>
public interface IRawTopicMetadata
{
    /// <summary>True for messages without an envelope; null leaves it to <see cref="SubscribeOptions"/>.</summary>
    bool? EnableRawPayload { get; }
}
