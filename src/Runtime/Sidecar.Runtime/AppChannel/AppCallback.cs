using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;

namespace Sidecar.Runtime.AppChannel;

/// <summary>The methods that an app which speaks gRPC serves for its sidecar (contract 3.1).</summary>
internal static class AppCallback
{
    public static readonly GrpcMethod<InvokeRequest, InvokeResponse> OnInvoke = Of<InvokeRequest, InvokeResponse>("AppCallback", "OnInvoke");

    public static readonly GrpcMethod<Empty, ListTopicSubscriptionsResponse> ListTopicSubscriptions =
        Of<Empty, ListTopicSubscriptionsResponse>("AppCallback", "ListTopicSubscriptions");

    public static readonly GrpcMethod<TopicEventRequest, TopicEventResponse> OnTopicEvent = Of<TopicEventRequest, TopicEventResponse>("AppCallback", "OnTopicEvent");

    public static readonly GrpcMethod<TopicEventBulkRequest, TopicEventBulkResponse> OnBulkTopicEvent =
        Of<TopicEventBulkRequest, TopicEventBulkResponse>("AppCallback", "OnBulkTopicEvent");

    /// <summary>In older apps, in place of <see cref="OnBulkTopicEvent"/>.</summary>
    public static readonly GrpcMethod<TopicEventBulkRequest, TopicEventBulkResponse> OnBulkTopicEventAlpha1 =
        Of<TopicEventBulkRequest, TopicEventBulkResponse>("AppCallbackAlpha", "OnBulkTopicEventAlpha1");

    public static readonly GrpcMethod<Empty, ListInputBindingsResponse> ListInputBindings = Of<Empty, ListInputBindingsResponse>("AppCallback", "ListInputBindings");

    public static readonly GrpcMethod<BindingEventRequest, BindingEventResponse> OnBindingEvent = Of<BindingEventRequest, BindingEventResponse>("AppCallback", "OnBindingEvent");

    public static readonly GrpcMethod<Empty, HealthCheckResponse> HealthCheck = Of<Empty, HealthCheckResponse>("AppCallbackHealthCheck", "HealthCheck");

    private static GrpcMethod<TRequest, TResponse> Of<TRequest, TResponse>(string service, string method)
        where TRequest : class, Google.Protobuf.IMessage<TRequest>
        where TResponse : class, Google.Protobuf.IMessage<TResponse> =>
        GrpcMethod.Of<TRequest, TResponse>(AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>(service).FindMethodByName(method));
}
