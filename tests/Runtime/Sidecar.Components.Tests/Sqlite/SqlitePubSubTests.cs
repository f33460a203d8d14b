using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>What pubsub.sqlite promises beyond the contract of brokers: retries, wake-ups, batches.</summary>
public sealed class SqlitePubSubTests : SqliteTopicsTest
{
    [Fact]
    public async Task Retries_come_after_growing_pauses_up_to_the_limit()
    {
        var pubSub = await OpenAsync(Clock, ("redeliverInterval", "1s"), ("maxRedeliverInterval", "5s"));
        await SubscribeAsync(pubSub, (_, _) =>
        {
            Arrived.Writer.TryWrite("");
            return ValueTask.FromResult(Delivery.Nack);
        });
        await PublishAsync(pubSub, "1");

        foreach (var seconds in new[] { 1, 2, 4, 5, 5 })
        {
            await NextAsync($"the delivery before a pause of {seconds} s");
            await Eventually.TrueAsync(
                () => Raw.Scalar("SELECT visible_at FROM pubsub_leases WHERE consumer_id IS NULL") is long due && due == Now + (seconds * 1000),
                $"a pause of {seconds} s");
            Clock.Advance(TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(1));
        }
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
    public async Task A_retry_is_not_put_off_when_the_clock_goes_back()
    {
        var clock = new SettableClock(Clock);
        var pubSub = await OpenAsync(clock, ("redeliverInterval", "1s"), ("maxRedeliverInterval", "5s"));
        var times = 0;
        await SubscribeAsync(pubSub, (_, _) =>
        {
            Arrived.Writer.TryWrite("");
            return ValueTask.FromResult(++times == 1 ? Delivery.Nack : Delivery.Ack);
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the first delivery");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE consumer_id IS NULL") is 1L, "the failure to be recorded");

        clock.Offset = TimeSpan.FromDays(-1);
        Clock.Advance(TimeSpan.FromSeconds(3));
        await NextAsync("the retry, a day early by the clock");
    }

    [Fact]
    public async Task A_retry_comes_although_the_time_for_it_passed_while_its_timer_was_set()
    {
        var pubSub = await OpenAsync(new LateTimers(Clock, TimeSpan.FromSeconds(5)), ("redeliverInterval", "1s"), ("pollInterval", "1h"));
        var times = 0;
        await SubscribeAsync(pubSub, (_, _) =>
        {
            Arrived.Writer.TryWrite("");
            return ValueTask.FromResult(++times == 1 ? Delivery.Nack : Delivery.Ack);
        });
        await PublishAsync(pubSub, "1");

        await NextAsync("the first delivery");
        await NextAsync("the retry");
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
            Arrived.Writer.TryWrite(text);
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

    [Fact]
    public async Task A_row_whose_metadata_cannot_be_read_holds_no_other_up()
    {
        var pubSub = await OpenAsync(null);
        Raw.Execute("INSERT INTO pubsub_messages(topic, published_at, metadata, data) VALUES ('t', 0, '{broken', CAST('odd' AS BLOB))");
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "good");

        Assert.Equal(("odd", "good"), (await NextAsync("the odd message"), await NextAsync("the good message")));
    }

    [Fact]
    public async Task A_batch_is_published_whole_or_not_at_all()
    {
        var pubSub = await OpenAsync(null);
        Raw.Execute("CREATE TRIGGER refusal BEFORE INSERT ON pubsub_messages WHEN NEW.content_type='bad' BEGIN SELECT RAISE(ABORT, 'not this one'); END");

        var failure = await Assert.ThrowsAsync<ComponentException>(async () => await pubSub.PublishAsync([Message("1"), Message("2", "bad"), Message("3")], CancellationToken.None));
        Assert.Contains("not this one", failure.Message);
        Assert.Equal(0, Raw.Count("pubsub_messages"));

        Assert.Empty(await pubSub.PublishAsync([Message("1"), Message("2")], CancellationToken.None));
        await SubscribeAsync(pubSub);
        Assert.Equal(("1", "2"), (await NextAsync("the first of the batch"), await NextAsync("the second of the batch")));
    }

    [Fact]
    [Contract(61)]
    public async Task A_subscription_that_collects_a_batch_is_handed_as_many_at_once()
    {
        var pubSub = await OpenAsync(null, ("maxInFlight", "1"));
        var full = new TaskCompletionSource();
        var count = 0;
        PubSubHandler collect = async (_, _) =>
        {
            if (Interlocked.Increment(ref count) == 5)
                full.SetResult();
            await full.Task;
            return Delivery.Ack;
        };
        await using var subscription = await pubSub.SubscribeAsync(new PubSubSubscription("t", new Dictionary<string, string>()) { BatchSize = 5 }, collect, CancellationToken.None);

        await pubSub.PublishAsync([.. Enumerable.Range(0, 5).Select(number => Message($"{number}"))], CancellationToken.None);

        await full.Task.WithinAsync("all five under way together");
        await Eventually.TrueAsync(() => Raw.Count("pubsub_leases") == 0, "the acknowledgements");
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

    private static PubSubMessage Message(string text, string? contentType = null) =>
        new("t", Encoding.UTF8.GetBytes(text), contentType, new Dictionary<string, string>());

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
