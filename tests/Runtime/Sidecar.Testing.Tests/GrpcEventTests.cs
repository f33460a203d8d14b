using Sidecar.Grpc;
using TestSupport;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Testing.Tests;

/// <summary>Awaiting deliveries to apps that speak gRPC, and through streams.</summary>
public sealed class GrpcEventTests
{
    [Fact]
    public async Task What_a_grpc_app_makes_of_an_event_is_seen()
    {
        await using var app = await GrpcEventApp.StartAsync(app => app.Answering(Status.Drop));
        await using var dapr = await DaprTestHost.StartAsync(host => host
            .InMemory()
            .AppAt("shop", app.Port)
            .Sidecars(options => options with { AppProtocol = "grpc" })
            .Subscription("shop", "orders", "/orders", deadLetterTopic: "lost"));

        await dapr["shop"].PublishAsync("orders", 7);
        var dropped = await dapr.DeliveredAsync("pubsub", "orders", message => message.Status == "DROP", to: "shop");
        var letter = await dapr.DeadLetteredAsync("pubsub", "orders");

        Assert.Equal(("DROP", 7, "the app drops it"), (dropped.Status, dropped.Data<int>(), dropped.Reason));
        Assert.Equal(dropped.Id, letter.Id);
    }

    [Fact]
    public async Task What_the_client_of_a_stream_makes_of_an_event_is_seen()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.InMemory().SidecarOnly("shop"));
        using var channel = GrpcChannel.ForAddress(new Uri(dapr["shop"].GrpcEndpoint));
        await using var stream = await TopicStreamClient.OpenAsync(channel, "orders");

        await dapr["shop"].PublishAsync("orders", 1);
        await stream.AnswerAsync((await stream.NextAsync()).Id);
        var first = await dapr.DeliveredAsync("pubsub", "orders", to: "shop");
        await dapr["shop"].PublishAsync("orders", 2);
        await stream.AnswerAsync((await stream.NextAsync()).Id, Status.Retry);
        var second = await dapr.DeliveredAsync("pubsub", "orders", message => !message.IsSuccess);

        Assert.Equal(("SUCCESS", 1), (first.Status, first.Data<int>()));
        Assert.Equal(("RETRY", 2, "the app asks for a retry"), (second.Status, second.Data<int>(), second.Reason));
    }

    [Fact]
    public async Task A_crash_breaks_streams_off_and_what_they_had_not_answered_comes_again()
    {
        await using var dapr = await DaprTestHost.StartAsync(host => host.Sqlite().SidecarOnly("shop"));
        using var channel = GrpcChannel.ForAddress(new Uri(dapr["shop"].GrpcEndpoint));
        await using var before = await TopicStreamClient.OpenAsync(channel, "orders");
        await dapr["shop"].PublishAsync("orders", "tea");
        var first = await before.NextAsync();

        await dapr["shop"].CrashSidecarAsync();
        Assert.False((await before.EndAsync()).IsOK);
        await dapr["shop"].StartSidecarAsync();

        // By a connection of its own: the first may not have noticed yet that it is broken.
        using var another = GrpcChannel.ForAddress(new Uri(dapr["shop"].GrpcEndpoint));
        await using var after = await TopicStreamClient.OpenAsync(another, "orders");

        Assert.Equal(first.Id, (await after.NextAsync()).Id);
    }
}
