using System.Collections.Concurrent;
using System.Globalization;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.PubSub;

// Faults of servers, connections and members, and consumers that are slow.
public abstract partial class PubSubConformance
{
    private const int Many = 300;

    [Fact]
    public async Task Nothing_published_is_lost_though_the_server_dies_and_comes_back_in_the_middle()
    {
        var server = await OwnServerAsync();
        await using (server)
        {
            await PublishThroughAsync(server, await OpenAsync(metadata: target.Impatient(server.Metadata)), async () =>
            {
                await server.SettleAsync();
                await server.RestartAsync();
            });
        }
    }

    [Fact]
    public async Task Nothing_published_is_lost_though_the_connections_are_cut_in_the_middle()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        Assert.SkipWhen(target.Server == BrokerKind.Kafka, "a Kafka broker tells clients its own address, so there is no way around it");
        var server = await BrokerServer.SharedAsync(target.Server!.Value);
        await using var relay = new CuttableRelay(server.Port);
        await PublishThroughAsync(server, await OpenAsync(metadata: target.Impatient(Through(relay, server))), () =>
        {
            relay.Cut();
            return Task.CompletedTask;
        });
        await EndAsync();
    }

    [Fact]
    public async Task What_a_member_held_that_is_cut_off_goes_to_another()
    {
        Assert.SkipUnless(target.Server is not null && target.GivesBack, "has no server, or gives nothing back");
        Assert.SkipWhen(target.Server == BrokerKind.Kafka, "a Kafka broker tells clients its own address, so there is no way around it");
        var server = await BrokerServer.SharedAsync(target.Server!.Value);
        await using var relay = new CuttableRelay(server.Port);
        var lost = await OpenAsync(metadata: target.Impatient(Through(relay, server)));
        var release = new TaskCompletionSource();
        var hanging = new Inbox(async (_, _, _) =>
        {
            await release.Task;
            return Delivery.Ack;
        });
        await SubscribeAsync("t", hanging, lost);
        await PublishAsync("t", "1");
        await hanging.NextAsync();

        relay.Refuse();
        var heir = new Inbox();
        await SubscribeAsync("t", heir, await OpenAsync(shared: _host.OtherProcess, metadata: target.Impatient(server.Metadata)));

        Assert.Equal("1", await heir.NextTextAsync("the message that the other can no longer acknowledge"));
        release.SetResult();
        await EndAsync();
    }

    [Fact]
    public async Task A_publish_without_the_server_fails_and_the_next_with_it_succeeds()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        Assert.SkipWhen(target.Server == BrokerKind.Kafka, "librdkafka keeps the message until the broker is back");
        var server = await BrokerServer.SharedAsync(target.Server!.Value);
        await using var relay = new CuttableRelay(server.Port);
        var pubSub = await OpenAsync(metadata: Through(relay, server));
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "before", pubSub);

        relay.Refuse();
        await Assert.ThrowsAsync<ComponentException>(() => PublishAsync("t", "without", pubSub));
        relay.Accept();
        await Eventually.TrueAsync(() => SucceedsAsync(pubSub, "after"), "a publish after the server is back");

        Assert.Equal("before", await inbox.NextTextAsync());
        Assert.Contains("after", await UntilAsync(inbox, "after"));
        await EndAsync();
    }

    [Fact]
    public async Task A_slow_consumer_is_given_no_more_than_its_share_and_gets_all_in_the_end()
    {
        var gate = new SemaphoreSlim(0);
        var inbox = new Inbox(async (_, _, cancellationToken) =>
        {
            await gate.WaitAsync(cancellationToken);
            return Delivery.Ack;
        });
        await SubscribeAsync("t", inbox);
        await Task.WhenAll(Enumerable.Range(0, Many).Select(number => PublishAsync("t", Number(number))));
        await inbox.NextAsync();
        for (var number = 1; number < Many; number++)
        {
            gate.Release();
            await inbox.NextAsync();
        }

        gate.Release();
        Assert.InRange(inbox.MostAtOnce, 1, target.MaxInFlight);
    }

    [Fact]
    public async Task Subscriptions_to_several_topics_do_not_disturb_each_other()
    {
        var inboxes = Enumerable.Range(0, 5).Select(_ => new Inbox()).ToArray();
        for (var topic = 0; topic < 5; topic++)
            await SubscribeAsync($"t{topic}", inboxes[topic]);
        await Task.WhenAll(Enumerable.Range(0, 100).Select(number => PublishAsync($"t{number % 5}", Number(number))));

        for (var topic = 0; topic < 5; topic++)
            Assert.Equal(Enumerable.Range(0, 100).Where(number => number % 5 == topic), (await inboxes[topic].NextTextsAsync(20)).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Order());
    }

    [Fact]
    public async Task A_subscription_that_ends_leaves_the_others_of_its_component_alone()
    {
        var (first, second) = (new Inbox(), new Inbox());
        var ending = await SubscribeAsync("first", first);
        await SubscribeAsync("second", second);
        await PublishAsync("second", "1");
        Assert.Equal("1", await second.NextTextAsync());
        await ending.DisposeAsync();
        await PublishAsync("second", "2");

        Assert.Equal("2", await second.NextTextAsync());
    }

    [Fact]
    public async Task A_subscription_begun_again_goes_on_where_it_ended()
    {
        Assert.SkipUnless(target.IsDurable, "keeps nothing");
        var before = new Inbox();
        var subscription = await SubscribeAsync("t", before);
        for (var number = 0; number < 10; number++)
            await PublishAsync("t", Number(number));
        await before.NextTextsAsync(10);
        await subscription.DisposeAsync();
        for (var number = 10; number < 20; number++)
            await PublishAsync("t", Number(number));

        var after = new Inbox();
        await SubscribeAsync("t", after);
        Assert.Equal(Enumerable.Range(10, 10), (await after.NextTextsAsync(10)).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).Order());
    }

    [Fact]
    public async Task Disposal_during_deliveries_loses_nothing()
    {
        Assert.SkipUnless(target.IsDurable && target.GivesBack, "keeps nothing");
        var arrived = new ConcurrentDictionary<string, bool>();
        ValueTask<Delivery> HandleAsync(PubSubMessage message, int times, CancellationToken cancellationToken)
        {
            arrived[Inbox.Text(message)] = true;
            return ValueTask.FromResult(Delivery.Ack);
        }

        // The group is there before the first message.
        await (await SubscribeAsync("t", new Inbox(HandleAsync))).DisposeAsync();
        for (var round = 0; round < 3; round++)
        {
            var publishing = Task.WhenAll(Enumerable.Range(round * Many / 3, Many / 3).Select(number => PublishAsync("t", Number(number))));
            var inbox = new Inbox(HandleAsync);
            var subscription = await SubscribeAsync("t", inbox);
            await inbox.NextAsync();
            await subscription.DisposeAsync();
            await publishing;
        }

        await SubscribeAsync("t", new Inbox(HandleAsync));
        await Eventually.TrueAsync(() => arrived.Count == Many, $"{Many} messages; there are {arrived.Count}");
    }

    [Fact]
    public async Task A_cancelled_publish_throws()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await PrepareAsync("t");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await _pubSub.PublishAsync(new PubSubMessage(Topic("t"), "1"u8.ToArray(), null, new Dictionary<string, string>()), cancelled.Token));
    }

    [Fact]
    public async Task A_buffer_may_be_used_again_after_the_publish()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        var buffer = "first"u8.ToArray();
        await _pubSub.PublishAsync(new PubSubMessage(Topic("t"), buffer, null, new Dictionary<string, string>()), None);
        Array.Clear(buffer);

        Assert.Equal("first", await inbox.NextTextAsync());
    }

    private async Task PublishThroughAsync(BrokerServer server, IPubSub pubSub, Func<Task> strike)
    {
        var inbox = new Inbox();
        if (target.PrepareTopic is { } prepare)
            await prepare(server, Topic("t"));
        await using var subscription = await pubSub.SubscribeAsync(new PubSubSubscription(Topic("t"), new Dictionary<string, string>()), inbox.HandleAsync, None);
        for (var number = 0; number < Many; number++)
        {
            var text = Number(number);
            if (number == Many / 3)
                await strike();
            await Eventually.TrueAsync(() => SucceedsAsync(pubSub, text), $"message {text} to be accepted");
        }

        // What was accepted twice, because an answer was lost, comes twice; nothing is missing.
        HashSet<string> arrived = [];
        try
        {
            while (arrived.Count < Many)
                arrived.Add(await inbox.NextTextAsync($"message {arrived.Count + 1} of {Many}"));
        }
        catch (TimeoutException missing) when (server.Kind == BrokerKind.RabbitMq)
        {
            throw new TimeoutException($"{missing.Message}; the server has {await server.AskAsync("list_queues", "name", "messages", "consumers")} {await server.AskAsync("list_bindings")}", missing);
        }
    }

    private async Task<bool> SucceedsAsync(IPubSub pubSub, string text)
    {
        await pubSub.PublishAsync(new PubSubMessage(Topic("t"), System.Text.Encoding.UTF8.GetBytes(text), null, new Dictionary<string, string>()), None);
        return true;
    }

    private async Task<BrokerServer> OwnServerAsync()
    {
        Assert.SkipUnless(target.Server is not null, "has no server");
        return await BrokerServer.StartAsync(target.Server!.Value, new Dictionary<string, string?> { ["REDIS_APPENDFSYNC"] = "always" });
    }

    private static async Task<List<string>> UntilAsync(Inbox inbox, string last)
    {
        List<string> texts = [];
        while (!texts.Contains(last))
            texts.Add(await inbox.NextTextAsync($"'{last}'"));
        return texts;
    }

    /// <summary>The server's metadata, with the relay in its place.</summary>
    private static Dictionary<string, string> Through(CuttableRelay relay, BrokerServer server) =>
        server.Metadata.ToDictionary(field => field.Key, field => field.Value.Replace(Number(server.Port), Number(relay.Port), StringComparison.Ordinal));

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
