using System.Net;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.Hosting;
using Sidecar.Testing;

namespace Kitchen.Tests;

/// <summary>An app that speaks gRPC, with real sidecars in this process.</summary>
public sealed class KitchenTests : IAsyncLifetime
{
    private static readonly ServiceDescriptor Cooking = KitchenReflection.Descriptor.FindTypeByName<ServiceDescriptor>("Cooking");
    private static readonly GrpcMethod<CookRequest, Dish> Cook = GrpcMethod.Of<CookRequest, Dish>(Cooking.FindMethodByName("Cook"));
    private static readonly GrpcMethod<CookRequest, Step> Watch = GrpcMethod.Of<CookRequest, Step>(Cooking.FindMethodByName("Watch"));

    private DaprTestHost _dapr = null!;
    private GrpcChannel _sidecar = null!;

    /// <summary>The call of a service of the app's own: the sidecar is told whose it is.</summary>
    private static CallOptions ToKitchen => new() { Metadata = [new MetadataEntry("dapr-app-id", "kitchen")] };

    public async ValueTask InitializeAsync()
    {
        _dapr = await DaprTestHost.StartAsync(host => host
            .Sidecars(options => options with { AppProtocol = "grpc", AppHealth = new AppHealthOptions() })
            .Flag("app-protocol", "grpc")
            .Flag("enable-app-health-check", "true")
            .InMemory()
            .App<Program>("kitchen")
            .SidecarOnly("guest"));
        _sidecar = GrpcChannel.ForAddress(new Uri(_dapr["guest"].GrpcEndpoint));
        await _dapr.AppHealthyAsync("kitchen");
    }

    public async ValueTask DisposeAsync()
    {
        _sidecar.Dispose();
        await _dapr.DisposeAsync();
    }

    [Fact]
    public async Task Its_own_service_is_called_through_the_sidecar_of_the_caller()
    {
        var dish = await _sidecar.UnaryAsync(Cook, new CookRequest { Dish = "stew" }, ToKitchen);
        var refused = await _sidecar.CallAsync(Cook, new CookRequest(), ToKitchen);
        await using var watching = _sidecar.OpenServerStreaming(Watch, new CookRequest { Dish = "stew" }, ToKitchen);
        List<string> steps = [];
        await foreach (var step in watching.ReadAllAsync())
            steps.Add(step.Done);

        Assert.Equal(("stew", 1), (dish.Name, dish.CookedSoFar));
        Assert.Equal((StatusCode.InvalidArgument, "DISH_MISSING"), (refused.Status.Code, refused.Status.Detail<ErrorInfo>()?.Reason));
        Assert.Equal(["stew: washed", "stew: cut", "stew: fried"], steps);
    }

    [Fact]
    public async Task Callers_by_http_reach_it_like_any_app()
    {
        using var order = new StringContent("rice", Encoding.UTF8, "text/plain");
        using var cooked = await _dapr["guest"].Sidecar.PostAsync(new Uri("/v1.0/invoke/kitchen/method/cook", UriKind.Relative), order);
        using var unknown = await _dapr["guest"].Sidecar.GetAsync(new Uri("/v1.0/invoke/kitchen/method/fly", UriKind.Relative));

        Assert.Equal("""{"name":"rice"}""", await cooked.Content.ReadAsStringAsync());
        Assert.Equal("""{"cooked":1}""", await _dapr["guest"].Sidecar.GetStringAsync(new Uri("/v1.0/invoke/kitchen/method/cooked", UriKind.Relative)));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        Assert.Equal("""{"code":5,"message":"the kitchen does not know fly"}""", await unknown.Content.ReadAsStringAsync());
    }

    /// <summary>As its sidecar asks it.</summary>
    [Fact]
    public async Task It_takes_events_of_topics_singly_and_in_batches_and_of_its_binding()
    {
        using var app = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{_dapr["kitchen"].AppPort}"));
        var one = await app.UnaryAsync(Callback<TopicEventRequest, TopicEventResponse>("OnTopicEvent"), new TopicEventRequest { Data = ByteString.CopyFromUtf8("\"stew\"") });
        var batch = await app.UnaryAsync(
            Callback<TopicEventBulkRequest, TopicEventBulkResponse>("OnBulkTopicEvent"),
            new TopicEventBulkRequest
            {
                Entries =
                {
                    new TopicEventBulkRequestEntry { EntryId = "1", CloudEvent = new TopicEventCERequest { Data = ByteString.CopyFromUtf8("\"rice\"") } },
                    new TopicEventBulkRequestEntry { EntryId = "2", Bytes = ByteString.CopyFromUtf8("no dish") },
                },
            });
        await app.UnaryAsync(Callback<BindingEventRequest, BindingEventResponse>("OnBindingEvent"), new BindingEventRequest { Name = "timer" });

        Assert.Equal(TopicEventResponse.Types.TopicEventResponseStatus.Success, one.Status);
        Assert.Equal(
            [("1", TopicEventResponse.Types.TopicEventResponseStatus.Success), ("2", TopicEventResponse.Types.TopicEventResponseStatus.Drop)],
            batch.Statuses.Select(status => (status.EntryId, status.Status)));
        Assert.Equal("""{"cooked":3}""", await _dapr["guest"].Sidecar.GetStringAsync(new Uri("/v1.0/invoke/kitchen/method/cooked", UriKind.Relative)));
    }

    private static GrpcMethod<TRequest, TResponse> Callback<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> =>
        GrpcMethod.Of<TRequest, TResponse>(AppcallbackReflection.Descriptor.FindTypeByName<ServiceDescriptor>("AppCallback").FindMethodByName(name));
}
