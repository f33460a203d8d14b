using System.Text;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Sidecar.Grpc;
using Sidecar.Testing;

namespace Kitchen.Tests;

/// <summary>The kitchen behind its sidecar, and a waiter's sidecar that calls it.</summary>
public sealed class KitchenTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _port = FreePorts.Next();
    private WebApplication _kitchen = null!;

    public async ValueTask InitializeAsync()
    {
        _kitchen = KitchenApp.Build(_port);
        await _kitchen.StartAsync();
    }

    public ValueTask DisposeAsync() => _kitchen.DisposeAsync();

    [Fact]
    public async Task What_is_ordered_is_cooked_and_told_to_a_caller_by_http()
    {
        await using var dapr = await StartAsync();
        await PublishAsync(dapr, Callbacks.Topic, "soup");
        await dapr.DeliveredAsync("pubsub", Callbacks.Topic, to: "kitchen");

        Assert.Equal("soup", await dapr["waiter"].Sidecar.GetStringAsync("/v1.0/invoke/kitchen/method/dishes"));
    }

    [Fact]
    public async Task A_banquet_comes_in_batches()
    {
        await using var dapr = await StartAsync();
        foreach (var dish in (string[])["soup", "stew", "pie"])
            await PublishAsync(dapr, Callbacks.BatchTopic, dish);
        foreach (var _ in (string[])["soup", "stew", "pie"])
            await dapr.DeliveredAsync("pubsub", Callbacks.BatchTopic, to: "kitchen");

        Assert.Equal(["pie", "soup", "stew"], _kitchen.Services.GetRequiredService<Stove>().Dishes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_app_s_own_service_is_called_through_the_sidecars()
    {
        await using var dapr = await StartAsync();
        using var waiter = GrpcChannel.ForAddress(new Uri(dapr["waiter"].GrpcEndpoint));
        var toKitchen = new CallOptions { Metadata = [new MetadataEntry("dapr-app-id", "kitchen")] };

        var price = await waiter.UnaryAsync(Method<PriceRequest, PriceReply>("Price"), new PriceRequest { Dish = "pie" }, toKitchen);
        var unknown = await waiter.CallAsync(Method<PriceRequest, PriceReply>("Price"), new PriceRequest { Dish = "cake" }, toKitchen);
        var dishes = new List<string>();
        await using var stream = waiter.OpenServerStreaming(Method<DishesRequest, PriceReply>("Dishes"), new DishesRequest(), toKitchen);
        await foreach (var dish in stream.ReadAllAsync())
            dishes.Add(dish.Dish);

        Assert.Equal(620, price.Cents);
        Assert.Equal((StatusCode.NotFound, "There is no 'cake' today."), (unknown.Status.Code, unknown.Status.Message));
        Assert.Equal(["pie", "soup", "stew"], dishes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_stove_is_cleaned_when_the_binding_says_so()
    {
        Assert.SkipWhen(DaprTestHost.RunsDaprd, "A daprd process has no clock that a test could move.");
        await using var dapr = await StartAsync(host => host.Component(Callbacks.Binding, "bindings.cron", ("schedule", "@every 1h")).WithFakeClock());

        dapr.Clock.Advance(TimeSpan.FromHours(1));

        await _kitchen.Services.GetRequiredService<Stove>().Cleaned.WaitAsync(Patience);
    }

    private Task<DaprTestHost> StartAsync(Action<DaprTestHostBuilder>? more = null) => DaprTestHost.StartAsync(host =>
    {
        host.InMemory().AppAt("kitchen", _port).SidecarOnly("waiter").Sidecars(sidecar => sidecar.AppId == "kitchen" ? sidecar with { AppProtocol = "grpc" } : sidecar);
        more?.Invoke(host);
    });

    private static async Task PublishAsync(DaprTestHost dapr, string topic, string dish)
    {
        using var content = new StringContent(dish, Encoding.UTF8, "text/plain");
        using var published = await dapr["waiter"].Sidecar.PostAsync($"/v1.0/publish/pubsub/{topic}", content);
        published.EnsureSuccessStatusCode();
    }

    private static GrpcMethod<TRequest, TResponse> Method<TRequest, TResponse>(string name)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse> => GrpcMethod.Of<TRequest, TResponse>(MenuReflection.Descriptor.Services[0].FindMethodByName(name));
}
