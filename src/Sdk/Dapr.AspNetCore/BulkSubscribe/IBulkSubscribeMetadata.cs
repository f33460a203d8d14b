namespace Dapr.AspNetCore;

/// <summary>Endpoint metadata: the events of a topic come many at a time.</summary>
public interface IBulkSubscribeMetadata
{
    /// <summary>Most events of one delivery.</summary>
    int MaxMessagesCount { get; }

    /// <summary>How long the sidecar waits for that many, in milliseconds.</summary>
    int MaxAwaitDurationMs { get; }

    /// <summary>The topic.</summary>
    string TopicName { get; }
}
