using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>What becomes of messages in pubsub.sqlite whose subscriber is killed, stopped or too slow.</summary>
public sealed class SqliteTopicRecoveryTests : SqliteTopicsTest
{
    [Fact]
    public async Task What_a_killed_process_had_under_way_comes_again_at_once()
    {
        var pubSub = await OpenAsync(Clock);
        await PublishAsync(pubSub, "1");
        LeaseTo(BrokerOwner.Create() with { Process = ProcessIdentity.Current with { Pid = int.MaxValue } }, visibleAt: Now + 60_000);

        await SubscribeAsync(pubSub);
        Assert.Equal("1", await NextAsync("the message of the dead process"));
    }

    [Fact]
    public async Task A_running_subscriber_frees_what_another_process_left_when_it_was_killed()
    {
        var pubSub = await OpenAsync(Clock);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "1");
        Assert.Equal("1", await NextAsync("the first delivery"));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_leases") == 0, "the acknowledgement");
        LeaseTo(BrokerOwner.Create() with { Process = ProcessIdentity.Current with { Pid = int.MaxValue } }, visibleAt: Now + 60_000);

        Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("1", await NextAsync("the message of the dead process"));
    }

    [Fact]
    public async Task What_a_living_process_has_under_way_stays_with_it_until_its_time_is_over()
    {
        var pubSub = await OpenAsync(Clock);
        await PublishAsync(pubSub, "held");
        LeaseTo(BrokerOwner.Create(), visibleAt: Now + 60_000);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "new");

        Assert.Equal("new", await NextAsync("the message nobody holds"));
        Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("held", await NextAsync("the message whose lease has ended"));
    }

    [Fact]
    public async Task A_handler_that_takes_too_long_is_cancelled_and_the_message_comes_again()
    {
        var cancelled = new TaskCompletionSource();
        var pubSub = await OpenAsync(Clock, ("processingTimeout", "30s"), ("redeliverInterval", "2s"));
        var times = 0;
        await SubscribeAsync(pubSub, async (message, cancellationToken) =>
        {
            Arrived.Writer.TryWrite(Encoding.UTF8.GetString(message.Data.Span));
            if (++times > 1)
                return Delivery.Ack;
            await using var noted = cancellationToken.Register(cancelled.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        await PublishAsync(pubSub, "1");
        await NextAsync("the first delivery");

        Clock.Advance(TimeSpan.FromSeconds(30));
        await cancelled.Task.WithinAsync("the cancellation");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT visible_at FROM pubsub_leases") is long due && due == Now + 2_000, "the retry to be planned");
        Clock.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("1", await NextAsync("the second delivery"));
    }

    [Fact]
    public async Task A_message_given_back_at_the_end_of_a_subscription_counts_no_attempt()
    {
        var pubSub = await OpenAsync(null, ("drainTimeout", "50ms"));
        var subscription = await SubscribeAsync(pubSub, async (_, cancellationToken) =>
        {
            Arrived.Writer.TryWrite("");
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
            Arrived.Writer.TryWrite("");
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
    public async Task A_handler_that_outlived_its_lease_acknowledges_all_the_same()
    {
        var (first, second) = (new TaskCompletionSource<Delivery>(), new TaskCompletionSource<Delivery>());
        var stopped = await OpenAsync(Clock, ("maxInFlight", "1"));
        await SubscribeAsync(stopped, async (_, _) =>
        {
            Arrived.Writer.TryWrite("stopped");
            return await first.Task;
        });
        await PublishAsync(stopped, "1");
        Assert.Equal("stopped", await NextAsync("the first delivery"));
        var heir = await OpenAsync(Clock);
        await SubscribeAsync(heir, async (_, _) =>
        {
            Arrived.Writer.TryWrite("heir");
            return await second.Task;
        });

        // Its process was stopped for longer than the lease: the message goes to the other, and then the first goes on.
        Raw.Execute("UPDATE pubsub_leases SET visible_at=0");
        Clock.Advance(TimeSpan.FromMilliseconds(600));
        Assert.Equal("heir", await NextAsync("the delivery to the other"));
        first.SetResult(Delivery.Ack);
        await Eventually.TrueAsync(() => Raw.Count("pubsub_leases") == 0, "the late acknowledgement");
        second.SetResult(Delivery.Nack);
        await PublishAsync(heir, "2");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE message_id=1") is 0L, "no trace of the first message");
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
}
