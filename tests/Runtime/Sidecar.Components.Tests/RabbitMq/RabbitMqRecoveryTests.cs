using Sidecar.Components.PubSub;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.RabbitMq;

/// <summary>A broker that goes, comes back, or loses something: nothing that was accepted is lost, and nobody need be told to go on.</summary>
public sealed class RabbitMqRecoveryTests : RabbitMqTest
{
    private static readonly (string, string)[] Safe =
    [
        ("deletedWhenUnused", "false"), ("deliveryMode", "2"), ("publisherConfirm", "true"), ("requeueInFailure", "true"), ("prefetchCount", "20"), ("reconnectWaitSeconds", "0"),
    ];

    [Fact]
    public async Task A_broker_that_is_killed_and_started_again_amid_500_messages_loses_none_that_were_accepted()
    {
        await using var own = await BrokerServer.StartAsync(BrokerKind.RabbitMq);
        Server = own;
        var pubSub = await OpenAsync(Safe);
        var arrivals = await SubscribeAsync(pubSub, "t");
        Task? restart = null;
        for (var number = 0; number < 500; number++)
        {
            if (number == 200)
            {
                await own.SettleAsync();
                restart = own.RestartAsync();
            }

            await UntilAcceptedAsync(pubSub, $"{number}");
        }

        await restart!;
        await AllArriveAsync(arrivals, 500);
        await CloseAsync();
    }

    [Fact]
    public async Task Connections_that_are_cut_amid_messages_lose_none_that_were_accepted()
    {
        await using var relay = new CuttableRelay(Server.Port);
        var pubSub = await OpenAsync([.. Safe, ("connectionString", $"amqp://guest:{Server.Password}@127.0.0.1:{relay.Port}")]);
        var arrivals = await SubscribeAsync(pubSub, "t");
        for (var round = 0; round < 3; round++)
        {
            var accepted = Enumerable.Range(round * 100, 100).Select(number => UntilAcceptedAsync(pubSub, $"{number}")).ToList();
            await accepted[50].WithinAsync("the 50th message of the round");
            relay.Cut();
            await Task.WhenAll(accepted).WithinAsync("all messages of the round");
        }

        await AllArriveAsync(arrivals, 300);
        await CloseAsync();
    }

    [Fact]
    public async Task A_handler_under_way_when_the_connection_is_cut_handles_its_message_again()
    {
        await using var relay = new CuttableRelay(Server.Port);
        var pubSub = await OpenAsync([.. Safe, ("connectionString", $"amqp://guest:{Server.Password}@127.0.0.1:{relay.Port}")]);
        var release = new TaskCompletionSource<Delivery>();
        var arrivals = await SubscribeAsync(pubSub, "t");
        arrivals.Answer = (_, _) => new ValueTask<Delivery>(release.Task);
        await PublishAsync(pubSub, "t", "1");
        await arrivals.NextTextAsync();
        relay.Cut();

        Assert.Equal("1", await arrivals.NextTextAsync("the message that was not acknowledged"));
        release.SetResult(Delivery.Ack);
        await Eventually.TrueAsync(async () => (await ListAsync("list_queues", "name", "messages")).SequenceEqual(["app-t 0"]), "the queue to be empty");
        await CloseAsync();
    }

    [Fact]
    public async Task A_queue_that_is_deleted_is_made_and_consumed_again()
    {
        var pubSub = await OpenAsync(Safe);
        var arrivals = await SubscribeAsync(pubSub, "t");
        await Server.AskAsync("delete_queue", $"{Prefix}app-{Prefix}t");
        await Eventually.TrueAsync(() => Log.Lines.Any(line => line.Contains("is consumed again", StringComparison.Ordinal)), "the queue to be consumed again");

        await PublishAsync(pubSub, "t", "1");
        Assert.Equal("1", await arrivals.NextTextAsync());
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task An_exchange_that_went_with_its_last_queue_is_made_again_by_who_publishes(string publisherConfirm)
    {
        var pubSub = await OpenAsync(("publisherConfirm", publisherConfirm));
        var subscription = await pubSub.SubscribeAsync(new PubSubSubscription(Prefix + "t", NoMetadata), new Arrivals().HandleAsync, CancellationToken.None);
        await PublishAsync(pubSub, "t", "1");
        await subscription.DisposeAsync();
        await Eventually.TrueAsync(async () => (await ListAsync("list_exchanges", "name")).Length == 0, "the exchange to go");

        // Nobody is there to receive it; without confirms the publisher hears of it by the next one.
        await PublishAsync(pubSub, "t", "nobody");
        var arrivals = await SubscribeAsync(pubSub, "t");
        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync(pubSub, "t", "2");
                return arrivals.Rest().Contains("2");
            },
            "a message to arrive");
    }

    [Fact]
    public async Task While_the_broker_is_away_a_publish_fails_after_three_tries_and_later_ones_go_on_by_themselves()
    {
        await using var relay = new CuttableRelay(Server.Port);
        var clock = new FakeClock();
        var pubSub = await OpenAsync(clock, [.. Safe, ("connectionString", $"amqp://guest:{Server.Password}@127.0.0.1:{relay.Port}")]);
        await PublishAsync(pubSub, "t", "before");
        relay.Refuse();
        var publishing = pubSub.PublishAsync(new PubSubMessage(Prefix + "t", "1"u8.ToArray(), null, NoMetadata), CancellationToken.None).AsTask();
        for (var pause = 0; pause < 2; pause++)
        {
            await Eventually.TrueAsync(() => clock.ArmedTimers > 0, "the pause before the next try");
            Assert.False(publishing.IsCompleted);
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        var failure = await Assert.ThrowsAsync<ComponentException>(() => publishing.WithinAsync("the end of the tries"));
        Assert.Contains($"RabbitMQ at 127.0.0.1:{relay.Port} cannot be reached", failure.Message);
        relay.Accept();
        await PublishAsync(pubSub, "t", "after");
        await CloseAsync();
    }

    [Fact]
    public async Task A_broker_short_of_memory_takes_nothing_says_so_and_takes_acknowledgements_all_the_same()
    {
        await using var own = await BrokerServer.StartAsync(BrokerKind.RabbitMq);
        Server = own;
        var clock = new FakeClock();
        var pubSub = await OpenAsync(clock, Safe);
        var arrivals = await SubscribeAsync(pubSub, "t");
        var release = new TaskCompletionSource<Delivery>();
        arrivals.Answer = (_, _) => new ValueTask<Delivery>(release.Task);
        await PublishAsync(pubSub, "t", "before");
        await arrivals.NextTextAsync();
        await own.AskAsync("set_vm_memory_high_watermark", "0");

        var publishing = pubSub.PublishAsync(new PubSubMessage(Prefix + "t", "1"u8.ToArray(), null, NoMetadata), CancellationToken.None).AsTask();
        for (var pause = 0; pause < 2; pause++)
        {
            await Eventually.TrueAsync(() => clock.ArmedTimers > 0, "the pause before the next try");
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        var failure = await Assert.ThrowsAsync<ComponentException>(() => publishing.WithinAsync("the end of the tries"));
        Assert.Contains("takes no messages now", failure.Message);
        Assert.Contains("memory", failure.Message);
        release.SetResult(Delivery.Ack);
        await Eventually.TrueAsync(async () => (await ListAsync("list_queues", "name", "messages_unacknowledged")).SequenceEqual(["app-t 0"]), "the acknowledgement to be taken");

        await own.AskAsync("set_vm_memory_high_watermark", "0.9");
        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync(pubSub, "t", "after");
                return arrivals.Rest().Contains("after");
            },
            "a message once there is room again");
        await CloseAsync();
    }

    private async Task UntilAcceptedAsync(IPubSub pubSub, string text) =>
        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync(pubSub, "t", text);
                return true;
            },
            $"the broker to take message {text}",
            BrokerServer.StartPatience);

    private static async Task AllArriveAsync(Arrivals arrivals, int count)
    {
        HashSet<string> arrived = [];
        while (arrived.Count < count)
            arrived.Add(await arrivals.NextTextAsync($"message {arrived.Count + 1} of {count}"));
        Assert.Equal(Enumerable.Range(0, count).Select(number => $"{number}").ToHashSet(), arrived);
    }
}
