using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Tells of every message that the app did not take: each time one structured line of the log, one count of a metric and one event of
/// the message's span, with the cause. Messages that it took are counted alone.
/// </summary>
internal sealed partial class MessageEvents(SidecarOptions options, ILogger<MessageEvents> logger)
{
    /// <summary>It is decided what becomes of a message.</summary>
    public void Decided(Broker broker, TopicSubscription subscription, Verdict verdict)
    {
        if (!SidecarMeter.IncomingMessages.Enabled)
            return;
        var status = verdict switch { Verdict.Success => "success", Verdict.Drop => "drop", _ => "retry" };
        SidecarMeter.IncomingMessages.Add(1, Tags(broker, subscription, ("process_status", status), ("status", status)));
    }

    /// <summary>It is acknowledged, and nobody has it.</summary>
    public void Dropped(Broker broker, TopicSubscription subscription, in Outcome outcome)
    {
        LogDropped(outcome.EventId, subscription.Topic, broker.Name, outcome.Reason);
        Mark("pubsub.dropped", outcome, null);
    }

    /// <summary>It goes back to the broker, which may bring it again.</summary>
    public void Failed(Broker broker, TopicSubscription subscription, in Outcome outcome)
    {
        LogFailed(outcome.EventId, subscription.Topic, broker.Name, outcome.Reason);
        Mark("pubsub.returned", outcome, null);
    }

    public void DeadLettered(Broker broker, TopicSubscription subscription, string deadLetterTopic, in Outcome outcome)
    {
        LogDeadLettered(outcome.EventId, subscription.Topic, broker.Name, deadLetterTopic, outcome.Reason);
        if (SidecarMeter.DeadLetters.Enabled)
            SidecarMeter.DeadLetters.Add(1, Tags(broker, subscription, ("dead_letter_topic", deadLetterTopic)));
        Mark("pubsub.dead_letter", outcome, deadLetterTopic);
    }

    private TagList Tags(Broker broker, TopicSubscription subscription, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var tags = new TagList
        {
            { "app_id", options.AppId },
            { "component", broker.Name },
            { "namespace", options.Namespace ?? "" },
            { "topic", subscription.Topic },
        };
        foreach (var (name, value) in more)
            tags.Add(name, value);
        return tags;
    }

    private static void Mark(string name, in Outcome outcome, string? deadLetterTopic)
    {
        if (SidecarSpans.Current is not { } span)
            return;
        var tags = new ActivityTagsCollection { ["dapr.pubsub.cause"] = outcome.Reason };
        if (deadLetterTopic is not null)
            tags["dapr.pubsub.dead_letter_topic"] = deadLetterTopic;
        span.AddEvent(new ActivityEvent(name, tags: tags));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Id} of topic {Topic} in pubsub {Pubsub} is dropped: {Reason}")]
    private partial void LogDropped(string? id, string topic, string pubsub, string? reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Id} of topic {Topic} in pubsub {Pubsub} could not be delivered: {Reason}; it goes back to the broker")]
    private partial void LogFailed(string? id, string topic, string pubsub, string? reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Event {Id} of topic {Topic} in pubsub {Pubsub} is put on the dead letter topic {DeadLetterTopic}: {Reason}")]
    private partial void LogDeadLettered(string? id, string topic, string pubsub, string deadLetterTopic, string? reason);
}
