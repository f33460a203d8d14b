using System.Collections.Concurrent;
using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Components.Redis;
using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Redis;

/// <summary>The server, or the way to it, goes and comes back.</summary>
public sealed class RedisRecoveryTests : RealRedisTest
{
    private const int Messages = 500;

    private static readonly (string, string)[] Quick = [("processingTimeout", "2s"), ("redeliverInterval", "200ms"), ("redisMaxRetries", "-1")];

    private readonly ConcurrentDictionary<string, int> _arrived = [];

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_the_server_is_killed_in_the_middle()
    {
        await UseOwnServerAsync(("REDIS_APPENDFSYNC", "always"));
        var publisher = await OpenAsync(new RedisPubSub(), Quick);
        await SubscribeAsync(await OpenAsync(new RedisPubSub(), Quick), "t", Take);

        var published = await PublishAllAsync(publisher, whenAt: Messages / 2, Server.RestartAsync);

        await Eventually.TrueAsync(() => published.All(_arrived.ContainsKey), "all that was acknowledged to arrive");
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "all to be acknowledged");
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_connections_are_cut_again_and_again()
    {
        await using var relay = new CuttableRelay(Server.Port);
        (string, string)[] metadata = [.. Quick, ("redisHost", $"127.0.0.1:{relay.Port}")];
        var publisher = await OpenAsync(new RedisPubSub(), metadata);
        await SubscribeAsync(await OpenAsync(new RedisPubSub(), metadata), "t", Take);

        var cuts = 0;
        var published = await PublishAllAsync(publisher, whenAt: Messages / 5, () =>
        {
            relay.Cut();
            cuts++;
            return Task.CompletedTask;
        });

        Assert.True(cuts > 0 && relay.Accepted > 3, "nothing was cut");
        await Eventually.TrueAsync(() => published.All(_arrived.ContainsKey), "all that was acknowledged to arrive");
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "all to be acknowledged");
    }

    [Fact]
    public async Task A_server_that_comes_later_is_waited_for_within_the_time_of_the_start()
    {
        await UseOwnServerAsync();
        await Server.KillAsync();
        var start = OpenAsync(new RedisPubSub(), Quick);
        Assert.False(start.IsCompleted);
        await Server.StartAgainAsync();

        await (await start.WithinAsync("the start")).PublishAsync(Message("t", "1"), None);
        Assert.Equal("1", await CliAsync("XLEN", Prefix + "t"));
    }

    [Fact]
    public async Task While_the_server_is_away_calls_fail_with_its_address_and_afterwards_they_work()
    {
        await UseOwnServerAsync();
        var store = await OpenAsync(new RedisStateStore(), ("redisMinRetryInterval", "5ms"));
        var key = Prefix + "k";
        await store.SetAsync(new StateUpsert(key, "1"u8.ToArray()), None);
        await Server.KillAsync();

        var failure = await Assert.ThrowsAsync<ComponentException>(() => store.GetAsync(key, default, None).AsTask().WithinAsync("the failure"));
        Assert.Contains(Server.Address, failure.Message, StringComparison.Ordinal);
        await Server.StartAgainAsync();
        Assert.Equal("1"u8.ToArray(), (await store.GetAsync(key, default, None))!.Value.ToArray());
    }

    [Fact]
    public async Task A_subscription_that_is_asked_for_while_the_server_is_away_begins_when_it_is_back()
    {
        await UseOwnServerAsync();
        var pubSub = await OpenAsync(new RedisPubSub(), Quick);
        await Server.KillAsync();
        await SubscribeAsync(pubSub, "t", Take);
        await Server.StartAgainAsync();
        await Eventually.GetAsync(
            async () =>
            {
                await pubSub.PublishAsync(Message("t", "1"), None);
                return "";
            },
            "a message that can be published");

        await Eventually.TrueAsync(() => _arrived.ContainsKey("1"), "the message");
    }

    [Fact]
    public async Task A_subscription_ends_soon_though_the_server_is_away()
    {
        await UseOwnServerAsync();
        var subscription = await SubscribeAsync(await OpenAsync(new RedisPubSub(), Quick), "t", Take);
        await Server.KillAsync();

        await subscription.DisposeAsync().AsTask().WithinAsync("the end of the subscription");
        await Server.StartAgainAsync();
    }

    [Fact]
    public async Task What_was_handled_while_the_server_was_away_is_acknowledged_later_and_does_not_come_again()
    {
        await UseOwnServerAsync(("REDIS_APPENDFSYNC", "always"));
        var pubSub = await OpenAsync(new RedisPubSub(), ("processingTimeout", "1s"), ("redeliverInterval", "100ms"), ("redisMaxRetries", "-1"));
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await SubscribeAsync(pubSub, "t", async (message, token) =>
        {
            begun.TrySetResult();
            await release.Task;
            return await Take(message, token);
        });
        await pubSub.PublishAsync(Message("t", "1"), None);
        await begun.Task.WithinAsync("the message");
        await Server.KillAsync();
        release.SetResult();
        await Eventually.TrueAsync(() => _arrived.ContainsKey("1"), "the handler to end");
        await Server.StartAgainAsync();

        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "the message to be acknowledged");
        Assert.Equal(1, _arrived["1"]);
    }

    [Fact]
    public async Task A_server_without_memory_refuses_writes_and_says_so()
    {
        await UseOwnServerAsync();
        var store = await OpenAsync(new RedisStateStore(), ("redisMaxRetries", "-1"));
        var pubSub = await OpenAsync(new RedisPubSub(), Quick);
        await CliAsync("CONFIG", "SET", "maxmemory", "1");
        var upsert = new StateUpsert(Prefix + "k", "1"u8.ToArray());

        foreach (var write in new Func<Task>[]
        {
            () => store.SetAsync(upsert, None).AsTask(),
            () => store.TransactAsync([upsert], None).AsTask(),
            () => pubSub.PublishAsync(Message("t", "1"), None).AsTask(),
        })
        {
            Assert.Contains("out of memory", (await Assert.ThrowsAsync<ComponentException>(write)).Message, StringComparison.Ordinal);
        }
    }

    /// <summary>Publishes with ten at once. Gives the texts of which the broker said that it has them.</summary>
    private async Task<IReadOnlyCollection<string>> PublishAllAsync(RedisPubSub pubSub, int whenAt, Func<Task> interrupt)
    {
        ConcurrentBag<string> published = [];
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number < Messages)
            {
                var interruption = number > 0 && number % whenAt == 0 ? interrupt() : Task.CompletedTask;
                await Eventually.GetAsync(
                    async () =>
                    {
                        await pubSub.PublishAsync(Message("t", $"{number}"), None);
                        return "";
                    },
                    "a message that can be published");
                published.Add($"{number}");
                await interruption;
            }
        })));
        return published;
    }

    private ValueTask<Delivery> Take(PubSubMessage message, CancellationToken cancellationToken)
    {
        _arrived.AddOrUpdate(Encoding.UTF8.GetString(message.Data.Span), 1, (_, times) => times + 1);
        return ValueTask.FromResult(Delivery.Ack);
    }
}
