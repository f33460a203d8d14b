using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Kitchen;

/// <summary>What the sidecar calls (Dapr's AppCallback). Whatever is not here is not implemented, and the sidecar does without.</summary>
internal static class Callbacks
{
    public const string Topic = "orders";
    public const string BatchTopic = "banquets";
    public const string Binding = "cleaning";

    public static void MapCallbacks(this IEndpointRouteBuilder routes)
    {
        var stove = routes.ServiceProvider.GetRequiredService<Stove>();
        routes.Map<Empty, HealthCheckResponse>("AppCallbackHealthCheck", "HealthCheck", (_, _) => new HealthCheckResponse());
        routes.Map<InvokeRequest, InvokeResponse>("AppCallback", "OnInvoke", (request, call) => OnInvoke(request, call, stove));
        routes.Map<Empty, ListTopicSubscriptionsResponse>("AppCallback", "ListTopicSubscriptions", (_, _) => Subscriptions());
        routes.Map<TopicEventRequest, TopicEventResponse>("AppCallback", "OnTopicEvent", (request, _) => OnEvent(request, stove));
        routes.Map<TopicEventBulkRequest, TopicEventBulkResponse>("AppCallback", "OnBulkTopicEvent", (request, _) => OnEvents(request, stove));
        routes.Map<Empty, ListInputBindingsResponse>("AppCallback", "ListInputBindings", (_, _) => new ListInputBindingsResponse { Bindings = { Binding } });
        routes.Map<BindingEventRequest, BindingEventResponse>("AppCallback", "OnBindingEvent", (_, _) =>
        {
            stove.Clean();
            return new BindingEventResponse();
        });
    }

    /// <summary>By HTTP callers as <c>GET …/method/dishes</c>, by gRPC callers as InvokeService.</summary>
    private static InvokeResponse OnInvoke(InvokeRequest request, ServerCall call, Stove stove) => request.Method == "dishes"
        ? new InvokeResponse { Data = new Any { Value = ByteString.CopyFromUtf8(string.Join(',', stove.Dishes.Order(StringComparer.Ordinal))) }, ContentType = "text/plain" }
        : call.Fail<InvokeResponse>(new GrpcStatus(StatusCode.NotFound, $"There is no method '{request.Method}'."));

    private static ListTopicSubscriptionsResponse Subscriptions() => new()
    {
        Subscriptions =
        {
            new TopicSubscription { PubsubName = "pubsub", Topic = Topic },
            new TopicSubscription { PubsubName = "pubsub", Topic = BatchTopic, BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 10, MaxAwaitDurationMs = 50 } },
        },
    };

    private static TopicEventResponse OnEvent(TopicEventRequest request, Stove stove)
    {
        stove.Cook(request.Id, request.Data.ToStringUtf8());
        return new TopicEventResponse { Status = Status.Success };
    }

    private static TopicEventBulkResponse OnEvents(TopicEventBulkRequest request, Stove stove)
    {
        var response = new TopicEventBulkResponse();
        foreach (var entry in request.Entries)
        {
            stove.Cook(entry.CloudEvent.Id, entry.CloudEvent.Data.ToStringUtf8());
            response.Statuses.Add(new TopicEventBulkResponseEntry { EntryId = entry.EntryId, Status = Status.Success });
        }

        return response;
    }

    private static void Map<TRequest, TResponse>(this IEndpointRouteBuilder routes, string service, string method, Func<TRequest, ServerCall, TResponse> answer)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => routes.MapUnary<TRequest, TResponse>(
            AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>(service).FindMethodByName(method), (request, call) => Task.FromResult(answer(request, call)));
}
