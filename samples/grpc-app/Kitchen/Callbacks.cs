using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;
using Sidecar.Grpc;
using Sidecar.Protos;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Kitchen;

/// <summary>What a sidecar with <c>--app-protocol grpc</c> calls: Dapr's AppCallback and AppCallbackHealthCheck.</summary>
internal static class Callbacks
{
    private const string Json = "application/json";

    public static void MapCallbacks(this IEndpointRouteBuilder routes)
    {
        var stove = routes.ServiceProvider.GetRequiredService<Stove>();
        routes.MapUnary<InvokeRequest, InvokeResponse>(Method("AppCallback", "OnInvoke"), (request, call) => Task.FromResult(Invoke(request, call, stove)));
        routes.MapUnary<Empty, ListTopicSubscriptionsResponse>(Method("AppCallback", "ListTopicSubscriptions"), (_, _) => Task.FromResult(Subscriptions()));
        routes.MapUnary<TopicEventRequest, TopicEventResponse>(
            Method("AppCallback", "OnTopicEvent"), (request, _) => Task.FromResult(new TopicEventResponse { Status = Take(request.Data, stove) }));
        routes.MapUnary<TopicEventBulkRequest, TopicEventBulkResponse>(Method("AppCallback", "OnBulkTopicEvent"), (request, _) => Task.FromResult(TakeAll(request, stove)));
        routes.MapUnary<Empty, ListInputBindingsResponse>(Method("AppCallback", "ListInputBindings"), (_, _) => Task.FromResult(new ListInputBindingsResponse { Bindings = { "timer" } }));
        routes.MapUnary<BindingEventRequest, BindingEventResponse>(Method("AppCallback", "OnBindingEvent"), (_, _) => Task.FromResult(CookOfTheHour(stove)));
        routes.MapUnary<Empty, HealthCheckResponse>(Method("AppCallbackHealthCheck", "HealthCheck"), (_, _) => Task.FromResult(new HealthCheckResponse()));
    }

    private static MethodDescriptor Method(string service, string name) =>
        AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>(service).FindMethodByName(name);

    private static InvokeResponse Invoke(InvokeRequest request, ServerCall call, Stove stove) => (request.HttpExtension?.Verb, request.Method) switch
    {
        (HTTPExtension.Types.Verb.Get, "cooked") => Answer(JsonSerializer.Serialize(new { cooked = stove.Cooked })),
        (_, "cook") => Answer(JsonSerializer.Serialize(new { name = stove.Cook(request.Data.Value.ToStringUtf8()).Name })),
        _ => call.Fail<InvokeResponse>(new GrpcStatus(StatusCode.NotFound, $"the kitchen does not know {request.Method}")),
    };

    private static InvokeResponse Answer(string json) => new() { Data = new Any { Value = ByteString.CopyFromUtf8(json) }, ContentType = Json };

    private static ListTopicSubscriptionsResponse Subscriptions() => new()
    {
        Subscriptions =
        {
            new TopicSubscription { PubsubName = "pubsub", Topic = "orders", Routes = new TopicRoutes { Default = "/orders" } },
            new TopicSubscription { PubsubName = "pubsub", Topic = "banquets", BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = 20, MaxAwaitDurationMs = 100 } },
        },
    };

    // The data of an order is the name of a dish, as JSON. What is none will not become one by another try.
    private static Status Take(ByteString data, Stove stove)
    {
        try
        {
            if (JsonSerializer.Deserialize<string>(data.Span) is not { Length: > 0 } dish)
                return Status.Drop;
            stove.Cook(dish);
            return Status.Success;
        }
        catch (JsonException)
        {
            return Status.Drop;
        }
    }

    private static TopicEventBulkResponse TakeAll(TopicEventBulkRequest request, Stove stove)
    {
        var response = new TopicEventBulkResponse();
        foreach (var entry in request.Entries)
            response.Statuses.Add(new TopicEventBulkResponseEntry { EntryId = entry.EntryId, Status = Take(entry.CloudEvent?.Data ?? entry.Bytes, stove) });
        return response;
    }

    private static BindingEventResponse CookOfTheHour(Stove stove)
    {
        stove.Cook("soup");
        return new BindingEventResponse();
    }
}
