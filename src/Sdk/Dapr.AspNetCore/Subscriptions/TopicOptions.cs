namespace Dapr;

/// <summary>A subscription of an endpoint, for <c>WithTopic</c>.</summary>
public class TopicOptions
{
    /// <summary>Metadata for the pub/sub component. A field, as in the official SDK.</summary>
    public IDictionary<string, string>? Metadata;

    /// <summary>The topic; required.</summary>
    public string Name { get; set; } = "";

    /// <summary>The pub/sub component; required.</summary>
    public string PubsubName { get; set; } = "";

    /// <summary>True for messages without a CloudEvent envelope.</summary>
    public bool EnableRawPayload { get; set; }

    /// <summary>The CEL expression that events must match; null makes this the topic's default route.</summary>
    public string? Match { get; set; }

    /// <summary>Rules are tried from the lowest priority to the highest.</summary>
    public int Priority { get; set; }

    /// <summary>Ids of the metadata entries that belong to this topic.</summary>
    public string[]? OwnedMetadatas { get; set; }

    /// <summary>Joins several values of one metadata name; a comma when null.</summary>
    public string? MetadataSeparator { get; set; }

    /// <summary>The topic for messages that were given up; null for none.</summary>
    public string? DeadLetterTopic { get; set; }
}
