using System.Text;
using System.Threading.Channels;
using Sidecar.Components.PubSub;
using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>What pubsub.sqlite promises beyond the contract of brokers: crashes, wake-ups, retention.</summary>
public sealed class SqlitePubSubTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Nothing = [];

    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly List<IAsyncDisposable> _open = [];
    private readonly Channel<string> _arrived = Channel.CreateUnbounded<string>();
    private RawDatabase? _raw;

    private RawDatabase Raw => _raw ??= new RawDatabase(_folder.File("topics.db"));

    private long Now => _clock.GetUtcNow().ToUnixTimeMilliseconds();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        for (var index = _open.Count - 1; index >= 0; index--)
            await _open[index].DisposeAsync();
        _raw?.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_a_killed_process_had_under_way_comes_again_at_once()
    {
        var pubSub = await OpenAsync(_clock);
        await PublishAsync(pubSub, "1");
        LeaseTo(BrokerOwner.Create() with { Process = ProcessIdentity.Current with { Pid = int.MaxValue } }, visibleAt: Now + 60_000);

        await SubscribeAsync(pubSub);
        Assert.Equal("1", await NextAsync("the message of the dead process"));
    }

    [Fact]
    public async Task A_running_subscriber_frees_what_another_process_left_when_it_was_killed()
    {
        var pubSub = await OpenAsync(_clock);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "1");
        Assert.Equal("1", await NextAsync("the first delivery"));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_leases") == 0, "the acknowledgement");
        LeaseTo(BrokerOwner.Create() with { Process = ProcessIdentity.Current with { Pid = int.MaxValue } }, visibleAt: Now + 60_000);

        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("1", await NextAsync("the message of the dead process"));
    }

    [Fact]
    public async Task What_a_living_process_has_under_way_stays_with_it_until_its_time_is_over()
    {
        var pubSub = await OpenAsync(_clock);
        await PublishAsync(pubSub, "held");
        LeaseTo(BrokerOwner.Create(), visibleAt: Now + 60_000);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "new");

        Assert.Equal("new", await NextAsync("the message nobody holds"));
        _clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("held", await NextAsync("the message whose lease has ended"));
    }

    [Fact]
    public async Task A_handler_that_takes_too_long_is_cancelled_and_the_message_comes_again()
    {
        var cancelled = new TaskCompletionSource();
        var pubSub = await OpenAsync(_clock, ("processingTimeout", "30s"), ("redeliverInterval", "2s"));
        var times = 0;
        await SubscribeAsync(pubSub, async (message, cancellationToken) =>
        {
            _arrived.Writer.TryWrite(Encoding.UTF8.GetString(message.Data.Span));
            if (++times > 1)
                return Delivery.Ack;
            await using var noted = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the first delivery");

        _clock.Advance(TimeSpan.FromSeconds(30));
        await cancelled.Task.WithinAsync("the cancellation");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT visible_at FROM pubsub_leases") is long due && due == Now + 2_000, "the retry to be planned");
        _clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("1", await NextAsync("the second delivery"));
    }

    [Fact]
    public async Task Retries_come_after_growing_pauses_up_to_the_limit()
    {
        var pubSub = await OpenAsync(_clock, ("redeliverInterval", "1s"), ("maxRedeliverInterval", "5s"));
        await SubscribeAsync(pubSub, (_, _) =>
        {
            _arrived.Writer.TryWrite("");
            return ValueTask.FromResult(Delivery.Nack);
        });
        await PublishAsync(pubSub, "1");

        foreach (var seconds in new[] { 1, 2, 4, 5, 5 })
        {
            await NextAsync($"the delivery before a pause of {seconds} s");
            await Eventually.TrueAsync(
                () => Raw.Scalar("SELECT visible_at FROM pubsub_leases WHERE consumer_id IS NULL") is long due && due == Now + (seconds * 1000),
                $"a pause of {seconds} s");
            _clock.Advance(TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(1));
        }
    }

    [Fact]
    public async Task A_message_given_back_at_the_end_of_a_subscription_counts_no_attempt()
    {
        var pubSub = await OpenAsync(null, ("drainTimeout", "50ms"));
        var subscription = await SubscribeAsync(pubSub, async (_, cancellationToken) =>
        {
            _arrived.Writer.TryWrite("");
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the delivery");
        await subscription.DisposeAsync();

        Assert.Equal(0L, Raw.Scalar("SELECT attempts FROM pubsub_leases WHERE consumer_id IS NULL"));
    }

    [Fact]
    public async Task A_handler_that_ignores_its_cancellation_does_not_hold_the_end_up_and_its_message_is_free()
    {
        var release = new TaskCompletionSource();
        var pubSub = await OpenAsync(null, ("drainTimeout", "50ms"));
        var subscription = await SubscribeAsync(pubSub, async (_, _) =>
        {
            _arrived.Writer.TryWrite("");
            await release.Task;
            return Delivery.Nack;
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the delivery");

        await subscription.DisposeAsync().AsTask().WithinAsync("the end of the subscription");
        Assert.Equal(1L, Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE consumer_id IS NULL"));
        release.SetResult();
    }

    [Fact]
    public async Task Between_processes_a_datagram_wakes_the_subscriber_without_any_polling()
    {
        var subscriber = await OpenAsync(null, ("pollInterval", "1h"));
        await SubscribeAsync(subscriber);
        var publisher = await OpenAsync(null, ("pollInterval", "1h"));

        for (var number = 0; number < 3; number++)
        {
            await PublishAsync(publisher, $"{number}");
            Assert.Equal($"{number}", await NextAsync("the message of the other process"));
        }
    }

    [Fact]
    public async Task Polling_finds_a_message_whose_wake_up_was_lost()
    {
        await SubscribeAsync(await OpenAsync(null, ("pollInterval", "20ms")));
        Raw.Execute("INSERT INTO pubsub_messages(topic, published_at, data) VALUES ('t', 0, CAST('unannounced' AS BLOB))");

        Assert.Equal("unannounced", await NextAsync("the message nobody announced"));
    }

    [Fact]
    public async Task A_new_group_starts_at_the_oldest_message_there_is()
    {
        var pubSub = await OpenAsync(_clock);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "1");
        await NextAsync("the delivery to the first group");

        await SubscribeAsync(await OpenAsync(_clock, ("consumerID", "late")));
        Assert.Equal("1", await NextAsync("the delivery to the new group"));
    }

    [Fact]
    public async Task Old_messages_are_deleted_once_every_group_is_done_with_them()
    {
        var pubSub = await OpenAsync(_clock, ("retention", "1h"), ("cleanupInterval", "10m"));
        await SubscribeAsync(pubSub, (message, _) =>
        {
            var text = Encoding.UTF8.GetString(message.Data.Span);
            _arrived.Writer.TryWrite(text);
            return ValueTask.FromResult(text == "failing" ? Delivery.Nack : Delivery.Ack);
        });
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('unread', 'away', 0)");
        await PublishAsync(pubSub, "done");
        await PublishAsync(pubSub, "failing");
        await PublishAsync(pubSub, "nobody reads this", topic: "no group");
        await PublishAsync(pubSub, "not read yet", topic: "unread");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE consumer_id IS NULL") is 1L, "the failure to be recorded");

        _clock.Advance(TimeSpan.FromMinutes(50));
        await PublishAsync(pubSub, "young");
        _clock.Advance(TimeSpan.FromMinutes(21));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 3, "two messages to be deleted");
        Assert.Equal(
            "failing,not read yet,young",
            Raw.Scalar("SELECT group_concat(text) FROM (SELECT CAST(data AS TEXT) AS text FROM pubsub_messages ORDER BY id)"));
    }

    [Fact]
    public async Task Only_what_the_slowest_group_of_a_topic_has_before_it_is_kept_however_much_there_is()
    {
        await OpenAsync(_clock, ("retention", "1h"), ("cleanupInterval", "10m"));
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('a', 'away', 700), ('a', 'there', 1500)");
        foreach (var topic in new[] { "a", "b" })
        {
            Raw.Execute(
                $"""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500)
                INSERT INTO pubsub_messages(topic, published_at, data) SELECT '{topic}', {Now}, 'x' FROM n
                """);
        }

        _clock.Advance(TimeSpan.FromMinutes(71));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 800, "everything but what the group has before it to be deleted");
        Assert.Equal(701L, Raw.Scalar("SELECT min(id) FROM pubsub_messages"));
    }

    [Fact]
    public async Task A_retry_is_not_put_off_when_the_clock_goes_back()
    {
        var clock = new SettableClock(_clock);
        var pubSub = await OpenAsync(clock, ("redeliverInterval", "1s"), ("maxRedeliverInterval", "5s"));
        var times = 0;
        await SubscribeAsync(pubSub, (_, _) =>
        {
            _arrived.Writer.TryWrite("");
            return ValueTask.FromResult(++times == 1 ? Delivery.Nack : Delivery.Ack);
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the first delivery");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE consumer_id IS NULL") is 1L, "the failure to be recorded");

        clock.Offset = TimeSpan.FromDays(-1);
        _clock.Advance(TimeSpan.FromSeconds(3));
        await NextAsync("the retry, a day early by the clock");
    }

    [Fact]
    public async Task A_handler_that_outlived_its_lease_acknowledges_all_the_same()
    {
        var (first, second) = (new TaskCompletionSource<Delivery>(), new TaskCompletionSource<Delivery>());
        var stopped = await OpenAsync(_clock, ("maxInFlight", "1"));
        await SubscribeAsync(stopped, async (_, _) =>
        {
            _arrived.Writer.TryWrite("stopped");
            return await first.Task;
        });
        await PublishAsync(stopped, "1");
        Assert.Equal("stopped", await NextAsync("the first delivery"));
        var heir = await OpenAsync(_clock);
        await SubscribeAsync(heir, async (_, _) =>
        {
            _arrived.Writer.TryWrite("heir");
            return await second.Task;
        });

        // Its process was stopped for longer than the lease: the message goes to the other, and then the first goes on.
        Raw.Execute("UPDATE pubsub_leases SET visible_at=0");
        _clock.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal("heir", await NextAsync("the delivery to the other"));
        first.SetResult(Delivery.Ack);
        await Eventually.TrueAsync(() => Raw.Count("pubsub_leases") == 0, "the late acknowledgement");
        second.SetResult(Delivery.Nack);
        await PublishAsync(heir, "2");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE message_id=1") is 0L, "no trace of the first message");
    }

    [Fact]
    public async Task A_file_that_is_full_refuses_messages_and_those_it_took_are_delivered_once_there_is_room()
    {
        var pubSub = await OpenAsync(_clock, ("connectionString", "topics.db?_pragma=max_page_count(40)"), ("cleanupInterval", "1m"));
        await PublishAsync(pubSub, "kept");
        var failure = await Assert.ThrowsAsync<ComponentException>(async () =>
        {
            while (true)
                await PublishAsync(pubSub, new string('x', 2000), TimeSpan.FromSeconds(30));
        });
        Assert.Contains("disk is full", failure.Message);

        // Time passes, and with it go the messages that fill the file.
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 1, "the expired messages to be deleted");
        await PublishAsync(pubSub, "after");
        await SubscribeAsync(pubSub);
        Assert.Equal(("kept", "after"), (await NextAsync("what was taken before"), await NextAsync("what was taken after")));
    }

    [Fact]
    public async Task Messages_past_their_time_to_live_are_deleted_also_unread()
    {
        var pubSub = await OpenAsync(_clock, ("cleanupInterval", "1m"));
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('t', 'away', 0)");
        await PublishAsync(pubSub, "short", TimeSpan.FromSeconds(5));
        await PublishAsync(pubSub, "unlimited");
        _clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 1, "the expired message to be deleted");
    }

    [Fact]
    public async Task A_broker_that_ends_in_order_leaves_no_entry_behind()
    {
        var pubSub = await OpenAsync(null);
        var subscription = await SubscribeAsync(pubSub);
        Assert.Equal(1, Raw.Count("pubsub_consumers"));
        await subscription.DisposeAsync();
        await pubSub.DisposeAsync();

        Assert.Equal(0, Raw.Count("pubsub_consumers"));
    }

    [Fact]
    public async Task A_retry_queues_behind_what_was_waiting_before_it_was_due()
    {
        var gate = new TaskCompletionSource();
        var failed = false;
        var pubSub = await OpenAsync(null, ("maxInFlight", "1"), ("redeliverInterval", "1ms"));
        await SubscribeAsync(pubSub, async (message, _) =>
        {
            var text = Encoding.UTF8.GetString(message.Data.Span);
            _arrived.Writer.TryWrite(text);
            if (text != "failing" || failed)
                return Delivery.Ack;
            failed = true;
            await gate.Task;
            return Delivery.Nack;
        });
        await PublishAsync(pubSub, "failing");
        await NextAsync("the first delivery");
        await PublishAsync(pubSub, "waiting 1");
        await PublishAsync(pubSub, "waiting 2");
        gate.SetResult();

        Assert.Equal("waiting 1", await NextAsync("the next message"));
        Assert.Equal("waiting 2", await NextAsync("the next message"));
        Assert.Equal("failing", await NextAsync("the retry"));
    }

    [Theory]
    [InlineData("maxInFlight", "0")]
    [InlineData("processingTimeout", "0")]
    [InlineData("retention", "-1h")]
    [InlineData("pollInterval", "often")]
    public async Task A_field_that_is_wrong_is_named(string field, string value)
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(null, (field, value)));
        Assert.Contains($"'{field}'", failure.Message);
    }

    /// <summary>Each component has shared resources of its own, as if it were in a process of its own.</summary>
    private async Task<SqlitePubSub> OpenAsync(TimeProvider? clock, params (string, string)[] metadata)
    {
        var pubSub = new SqlitePubSub();
        await pubSub.InitAsync(Contexts.For(_folder, time: clock, metadata: [("connectionString", "topics.db"), .. metadata]), CancellationToken.None);
        _open.Add(pubSub);
        return pubSub;
    }

    private async Task<IAsyncDisposable> SubscribeAsync(SqlitePubSub pubSub, PubSubHandler? handler = null)
    {
        var subscription = await pubSub.SubscribeAsync(new PubSubSubscription("t", Nothing), handler ?? Take, CancellationToken.None);
        _open.Add(subscription);
        return subscription;
    }

    private ValueTask<Delivery> Take(PubSubMessage message, CancellationToken cancellationToken)
    {
        _arrived.Writer.TryWrite(Encoding.UTF8.GetString(message.Data.Span));
        return ValueTask.FromResult(Delivery.Ack);
    }

    private Task<string> NextAsync(string what) => _arrived.Reader.ReadAsync().AsTask().WithinAsync(what);

    private static async Task PublishAsync(SqlitePubSub pubSub, string text, TimeSpan? timeToLive = null, string topic = "t") =>
        await pubSub.PublishAsync(new PubSubMessage(topic, Encoding.UTF8.GetBytes(text), null, Nothing) { TimeToLive = timeToLive }, CancellationToken.None);

    /// <summary>As if that process had claimed the first message for the group of the app.</summary>
    private void LeaseTo(BrokerOwner owner, long visibleAt)
    {
        Raw.Execute("INSERT OR IGNORE INTO pubsub_groups(topic, consumer_group, position) VALUES ('t', 'app', 0)");
        Raw.Execute("UPDATE pubsub_groups SET position=1 WHERE position=0");
        Raw.Execute($"INSERT INTO pubsub_consumers(id, owner, port) VALUES (77, '{owner}', 0)");
        Raw.Execute($"INSERT INTO pubsub_leases(group_id, message_id, consumer_id, visible_at, attempts) SELECT id, 1, 77, {visibleAt}, 1 FROM pubsub_groups WHERE topic='t'");
    }

    /// <summary>Tells another time than the one by which its timers run, as the system's clock does once somebody sets it.</summary>
    private sealed class SettableClock(FakeClock steady) : TimeProvider
    {
        public TimeSpan Offset { get; set; }

        public override long TimestampFrequency => steady.TimestampFrequency;

        public override DateTimeOffset GetUtcNow() => steady.GetUtcNow() + Offset;

        public override long GetTimestamp() => steady.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            steady.CreateTimer(callback, state, dueTime, period);
    }
}
