using System.Text;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Conformance.PubSub;

// What depends on the abilities of the broker: redelivery, competing consumers, durability, time to live, wildcards.
public abstract partial class PubSubConformance
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_that_fails_comes_again_where_the_broker_redelivers(bool byException)
    {
        var inbox = new Inbox((message, times, _) => (Inbox.Text(message), times, byException) switch
        {
            ("1", 1, true) => throw new InvalidOperationException("not today"),
            ("1", 1, false) => ValueTask.FromResult(Delivery.Nack),
            _ => ValueTask.FromResult(Delivery.Ack),
        });
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "1");
        Assert.Equal("1", await inbox.NextTextAsync());

        if (target.Redelivers)
            Assert.Equal("1", await inbox.NextTextAsync("the redelivery"));

        // Whatever follows shows that it came no more often than that.
        await PublishAsync("t", "2");
        Assert.Equal("2", await inbox.NextTextAsync());
        Assert.Empty(inbox.Rest());
    }

    [Fact]
    public async Task A_batch_arrives_whole_and_in_its_order_where_the_broker_takes_batches()
    {
        Assert.Equal(target.Features.HasFlag(PubSubFeatures.BulkPubSub), _pubSub is IBulkPublisher);
        Assert.SkipUnless(_pubSub is IBulkPublisher, "takes messages one by one");
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        var texts = Enumerable.Range(0, 50).Select(number => $"{number}").ToList();

        var unpublished = await ((IBulkPublisher)_pubSub).PublishAsync(
            [.. texts.Select(text => new PubSubMessage(Topic("t"), Encoding.UTF8.GetBytes(text), null, new Dictionary<string, string>()))], None);

        Assert.Empty(unpublished);
        Assert.Equal(texts, await inbox.NextTextsAsync(50));
        Assert.Empty(await ((IBulkPublisher)_pubSub).PublishAsync([], None));
    }

    [Fact]
    public async Task A_message_that_keeps_failing_delays_no_other()
    {
        Assert.SkipUnless(target.StepsAside, "a message that fails holds up those behind it");
        var inbox = new Inbox((message, _, _) => ValueTask.FromResult(Inbox.Text(message) == "bad" ? Delivery.Nack : Delivery.Ack));
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "bad");
        for (var number = 0; number < 50; number++)
            await PublishAsync("t", $"{number}");

        List<string> good = [];
        while (good.Count < 50)
        {
            if (await inbox.NextTextAsync() is var text && text != "bad")
                good.Add(text);
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(number => $"{number}"), good);
        if (target.Redelivers)
            Assert.Equal("bad", await inbox.NextTextAsync("another try of the message that fails"));
    }

    [Fact]
    public async Task A_message_that_hangs_delays_no_other()
    {
        Assert.SkipUnless(target.MaxInFlight > 1, "handles one message at a time");
        Assert.SkipUnless(target.StepsAside, "a message that hangs holds up those behind it");
        var release = new TaskCompletionSource();
        var inbox = new Inbox(async (message, _, _) =>
        {
            if (Inbox.Text(message) == "stuck")
                await release.Task;
            return Delivery.Ack;
        });
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "stuck");
        for (var number = 0; number < 50; number++)
            await PublishAsync("t", $"{number}");

        Assert.Equal(["stuck", .. Enumerable.Range(0, 50).Select(number => $"{number}")], await inbox.NextTextsAsync(51));
        release.SetResult();
    }

    [Fact]
    public async Task Members_of_a_group_share_the_messages()
    {
        Assert.SkipUnless(target.Competes, "every subscription gets every message");
        Assert.SkipWhen(target.CompetesByPartition, "whole partitions go to a member");
        var gate = new TaskCompletionSource();
        Inbox Member() => new(async (_, _, _) =>
        {
            await gate.Task;
            return Delivery.Ack;
        });
        var (first, elsewhere) = (Member(), Member());
        var second = target.LimitIsOfComponent ? first : Member();
        await SubscribeAsync("t", first);
        await SubscribeAsync("t", second);
        await SubscribeAsync("t", elsewhere, await OpenAsync(shared: _host.OtherProcess));

        // More than two can hold at once, so each has a part.
        var count = 3 * target.MaxInFlight;
        await Task.WhenAll(Enumerable.Range(0, count).Select(number => PublishAsync("t", $"{number}")));
        List<string> all = [];
        foreach (var member in new[] { first, second, elsewhere }.Distinct())
            all.AddRange(await member.NextTextsAsync(target.MaxInFlight));
        gate.SetResult();

        // Where two of them share a limit, the rest follows only now.
        await Eventually.TrueAsync(
            () =>
            {
                all.AddRange(first.Rest().Concat(second.Rest()).Concat(elsewhere.Rest()));
                return all.Count >= count;
            },
            $"all of {count} messages");
        Assert.Equal(count, all.Count);
        Assert.Equal(count, all.Distinct().Count());
        await PublishAsync("t", "last");
        await Eventually.TrueAsync(() => first.Rest().Concat(second.Rest()).Concat(elsewhere.Rest()).Contains("last"), "the last message at one of them");
    }

    [Fact]
    public async Task Each_subscription_gets_every_message_where_nobody_competes()
    {
        Assert.SkipWhen(target.Competes, "members of a group share the messages");
        var (first, second) = (new Inbox(), new Inbox());
        await SubscribeAsync("t", first);
        await SubscribeAsync("t", second);
        await PublishAsync("t", "1");

        Assert.Equal(("1", "1"), (await first.NextTextAsync(), await second.NextTextAsync()));
    }

    [Fact]
    public async Task A_late_subscriber_gets_what_a_durable_broker_kept_and_nothing_older_from_a_volatile_one()
    {
        await PublishAsync("t", "early");
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "late");

        Assert.Equal(target.IsDurable && target.KeepsForLateGroups ? "early" : "late", await inbox.NextTextAsync());
    }

    [Fact]
    public async Task Messages_survive_a_restart_and_those_acknowledged_do_not_come_again()
    {
        Assert.SkipUnless(target.IsDurable, "keeps nothing");
        await _host.CloseAsync(_pubSub);
        _pubSub = await OpenAsync(drainsLong: true);
        var inbox = new Inbox();
        var subscription = await SubscribeAsync("t", inbox);
        await PublishAsync("t", "before");
        await inbox.NextAsync();
        await subscription.DisposeAsync();
        await PublishAsync("t", "meanwhile");
        await _host.CloseAsync(_pubSub);

        _pubSub = await OpenAsync();
        var after = new Inbox();
        await SubscribeAsync("t", after);
        Assert.Equal("meanwhile", await after.NextTextAsync());
        await PublishAsync("t", "after");
        Assert.Equal("after", await after.NextTextAsync());
    }

    [Fact]
    public async Task What_a_subscription_leaves_unacknowledged_goes_to_another_at_once()
    {
        Assert.SkipUnless(target.GivesBack && target.Competes, "does not redeliver");
        var hanging = new Inbox(async (_, _, cancellationToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        var subscription = await SubscribeAsync("t", hanging);
        await PublishAsync("t", "1");
        await hanging.NextAsync();

        var heir = new Inbox();
        await SubscribeAsync("t", heir, await OpenAsync(shared: _host.OtherProcess));
        await subscription.DisposeAsync();
        Assert.Equal("1", await heir.NextTextAsync("the message that the other gave back"));
    }

    [Fact]
    public async Task A_subscriber_is_woken_by_another_process_that_publishes()
    {
        Assert.SkipUnless(target.IsDurable, "not shared between processes");
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "1", await OpenAsync("publisher", _host.OtherProcess));

        Assert.Equal("1", await inbox.NextTextAsync());
    }

    [Fact]
    public async Task A_message_whose_time_is_over_is_not_delivered()
    {
        Assert.SkipUnless(target.Features.HasFlag(PubSubFeatures.MessageTtl) && target.IsDurable && target.FollowsClock, "has no time to live on a clock of ours");
        var clock = new FakeClock();
        var pubSub = await OpenAsync(shared: _host.OtherProcess, time: clock);
        await PublishAsync("t", "short", pubSub, TimeSpan.FromSeconds(10));
        await PublishAsync("t", "long", pubSub, TimeSpan.FromSeconds(100));
        clock.Advance(TimeSpan.FromSeconds(11));

        var inbox = new Inbox();
        await SubscribeAsync("t", inbox, pubSub);
        Assert.Equal("long", await inbox.NextTextAsync());
    }

    [Fact]
    public async Task A_topic_that_ends_in_a_star_means_all_longer_ones_where_the_broker_has_wildcards()
    {
        Assert.SkipUnless(target.Features.HasFlag(PubSubFeatures.SubscribeWildcards), "has no wildcards");
        var inbox = new Inbox();
        await SubscribeAsync("a*", inbox);
        await PublishAsync("a", "exactly the prefix");
        await PublishAsync("b", "another");
        await PublishAsync("ab", "longer");

        var message = await inbox.NextAsync();
        Assert.Equal((Topic("a*"), "longer"), (message.Topic, Inbox.Text(message)));
    }
}
