using Sidecar.Grpc;
using Sidecar.Runtime.Errors;

namespace Sidecar.Runtime.PubSub;

/// <summary>Every failure of the pub/sub API, once (contract sections 2.2 and 3.5).</summary>
internal static class PubSubErrors
{
    public static DaprError NameEmpty(string appId) =>
        Rich("ERR_PUBSUB_EMPTY", 404, StatusCode.InvalidArgument, "pubsub name is empty", "DAPR_PUBSUB_NAME_EMPTY", "", ForApp(appId));

    public static DaprError NotConfigured(string pubsub, string appId) =>
        Rich("ERR_PUBSUB_NOT_CONFIGURED", 400, StatusCode.FailedPrecondition, $"pubsub {pubsub} is not configured", "DAPR_PUBSUB_NOT_CONFIGURED", pubsub, ForApp(appId));

    public static DaprError NotFound(string pubsub, string appId) =>
        Rich("ERR_PUBSUB_NOT_FOUND", 404, StatusCode.InvalidArgument, $"pubsub {pubsub} is not found", "DAPR_PUBSUB_NOT_FOUND", pubsub, ForApp(appId));

    public static DaprError TopicEmpty(string pubsub, string appId) =>
        Rich("ERR_TOPIC_NAME_EMPTY", 404, StatusCode.InvalidArgument, $"topic is empty in pubsub {pubsub}", "DAPR_PUBSUB_TOPIC_NAME_EMPTY", pubsub, ForApp(appId));

    public static DaprError BadMetadata(string pubsub, string appId, string reason) =>
        Rich("ERR_PUBSUB_REQUEST_METADATA", 400, StatusCode.InvalidArgument, $"failed deserializing metadata: {reason}", "DAPR_PUBSUB_METADATA_DESERIALIZATION", pubsub, ForApp(appId, reason));

    public static DaprError CloudEventCreation(string pubsub, string appId, string reason) =>
        Rich("ERR_PUBSUB_CLOUD_EVENTS_SER", 500, StatusCode.InvalidArgument, "cannot create cloudevent", "DAPR_PUBSUB_CLOUD_EVENT_CREATION", pubsub, ForApp(appId, reason));

    /// <summary>The body of a bulk publish is not a list of entries.</summary>
    public static DaprError UnreadableEntries(string pubsub, string topic, string appId, string reason) =>
        Entries($"error when unmarshaling the request for topic {topic} pubsub {pubsub}: {reason}", "DAPR_PUBSUB_UNMARSHAL_EVENTS", pubsub, appId, reason);

    /// <summary>An entry's event is not what its content type says.</summary>
    public static DaprError UnfitEntry(string pubsub, string topic, string appId, string reason) =>
        Entries($"error when marshalling cloud event envelope for topic {topic} pubsub {pubsub}: {reason}", "DAPR_PUBSUB_MARSHAL_ENVELOPE", pubsub, appId, reason);

    public static DaprError BadEntryIds(string pubsub, string topic, string appId, string reason) =>
        Entries($"error marshaling events to bytes for topic {topic} pubsub {pubsub}: {reason}", "DAPR_PUBSUB_MARSHAL_EVENTS", pubsub, appId, reason);

    public static DaprError Forbidden(string pubsub, string topic, string appId)
    {
        var message = $"topic {topic} is not allowed for app id {appId}";
        return Rich("ERR_PUBSUB_FORBIDDEN", 403, StatusCode.PermissionDenied, message, "DAPR_PUBSUB_FORBIDDEN", pubsub, ForApp(appId, message));
    }

    public static DaprError PublishFailed(string pubsub, string topic, string reason) =>
        Rich("ERR_PUBSUB_PUBLISH_MESSAGE", 500, StatusCode.Internal, $"error when publishing to topic {topic} in pubsub {pubsub}: {reason}", "DAPR_PUBSUB_PUBLISH_MESSAGE", pubsub,
            new Dictionary<string, string> { ["topic"] = topic, ["error"] = reason });

    /// <summary>The broker's own words: the API has no code for it.</summary>
    public static DaprError SubscribeFailed(string pubsub, string topic, string reason) =>
        new("ERROR", 500, StatusCode.Unknown, $"error when subscribing to topic {topic} in pubsub {pubsub}: {reason}");

    private static DaprError Entries(string message, string reason, string pubsub, string appId, string error) =>
        Rich("ERR_PUBSUB_EVENTS_SER", 400, StatusCode.InvalidArgument, message, reason, pubsub, ForApp(appId, error));

    private static DaprError Rich(string code, int http, StatusCode grpc, string message, string reason, string pubsub, Dictionary<string, string> metadata) =>
        new(code, http, grpc, message)
        {
            Reason = reason,
            ReasonMetadata = metadata,
            Resource = new ResourceInfo("pubsub", pubsub),
        };

    private static Dictionary<string, string> ForApp(string appId, string? error = null)
    {
        var metadata = new Dictionary<string, string> { ["appID"] = appId };
        if (error is not null)
            metadata["error"] = error;
        return metadata;
    }
}
