namespace Dapr.AspNetCore;

/// <summary>How the events of a topic come many at a time, for <c>WithBulkSubscribe</c>.</summary>
public class BulkSubscribeTopicOptions
{
    /// <summary>Most events of one delivery; 100 unless set.</summary>
    public int MaxMessagesCount { get; set; } = 100;

    /// <summary>How long the sidecar waits for that many, in milliseconds; 1000 unless set.</summary>
    public int MaxAwaitDurationMs { get; set; } = 1000;

    /// <summary>The topic; required.</summary>
    public string TopicName { get; set; } = "";
}
