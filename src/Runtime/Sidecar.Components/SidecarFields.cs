namespace Sidecar.Components;

/// <summary>Metadata fields that the sidecar itself reads, whatever the type of the component; no driver lists them.</summary>
public static class SidecarFields
{
    private static readonly ComponentField KeyPrefix =
        new("keyPrefix", "What stands before a key in the store: appid, name, namespace, none, or a text of its own.", "appid");

    private static readonly ComponentField[] State =
    [
        KeyPrefix,
        new("actorStateStore", "true: actors keep their state here. One store may say so.", "false"),
        new("primaryEncryptionKey", "Values are encrypted with this AES key, 16, 24 or 32 bytes in hexadecimal; by secretKeyRef.") { IsSecret = true },
        new("secondaryEncryptionKey", "What was encrypted with this key can still be read.") { IsSecret = true },
        new("outboxPublishPubsub", "Outbox: pub/sub component to which transactions publish; needs outboxPublishTopic."),
        new("outboxPublishTopic", "Outbox: topic to which transactions publish; needs outboxPublishPubsub."),
        new("outboxPubsub", "Outbox: pub/sub component that carries events until their transaction is seen.", "outboxPublishPubsub"),
        new("outboxDiscardWhenMissingState", "Outbox: true drops an event whose transaction is not seen.", "false"),
    ];

    private static readonly ComponentField[] PubSub =
    [
        new("consumerID", "Consumer group.", "the app id"),
        new("allowedTopics", "Topics that may be used, with commas between; empty = all."),
        new("protectedTopics", "Topics that only apps named in a scope may use, with commas between."),
        new("publishingScopes", "Topics to which an app may publish: app1=t1,t2;app2=t3."),
        new("subscriptionScopes", "Topics to which an app may subscribe: app1=t1,t2;app2=t3."),
    ];

    private static readonly ComponentField[] Bindings =
    [
        new("direction", "input, output, or both with a comma between."),
        new("route", "Path of the app that an input binding calls.", "the component's name"),
    ];

    /// <summary>Fields of all components of a kind.</summary>
    /// <param name="kind">The part of a type before its first dot.</param>
    public static IReadOnlyList<ComponentField> Of(string kind) => kind switch
    {
        "state" => State,
        "pubsub" => PubSub,
        "bindings" => Bindings,
        "lock" => [KeyPrefix],
        _ => [],
    };
}
