using System.Globalization;
using Sidecar.Components.Kafka;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>What a consumer group promises: offsets after the handler, order by partition, sharing, batches.</summary>
public sealed class KafkaConsumerTests : KafkaTest
{
    /// <summary>For groups that form anew: the mock cluster waits nearly that long for members to join again.</summary>
    private static readonly (string, string) ShortSession = ("sessionTimeout", "6s");

    [Fact]
    public async Task An_offset_is_committed_after_its_handler_and_another_goes_on_there_when_the_consumer_is_killed()
    {
        await CreateTopicAsync(1);
        var killed = await OpenAsync(ShortSession);
        var mailbox = new Mailbox(async (message, cancellationToken) =>
        {
            if (Text(message) == "3")
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        await SubscribeAsync(killed, mailbox.HandleAsync);
        for (var number = 0; number < 6; number++)
            await PublishAsync(killed, $"{number}");
        Assert.Equal(["0", "1", "2", "3"], await mailbox.NextTextsAsync(4));
        await Eventually.TrueAsync(() => RawKafka.Committed(Server.Address, Group, Topic, 0) == 3, "the commit of what was handled, and of no more");

        await killed.AbandonConsumerAsync();

        var heir = new Mailbox();
        await SubscribeAsync(await OpenAsync(ShortSession), heir.HandleAsync);
        Assert.Equal(["3", "4", "5"], await heir.NextTextsAsync(3));
        Assert.Empty(mailbox.Rest());
    }

    [Fact]
    public async Task A_message_that_fails_holds_up_its_partition_and_no_other()
    {
        await CreateTopicAsync(2);
        var pubSub = await OpenAsync();
        var recovers = false;
        var mailbox = new Mailbox((message, _) => ValueTask.FromResult(Text(message) == "bad" && !Volatile.Read(ref recovers) ? Delivery.Nack : Delivery.Ack));
        await PublishAsync(pubSub, "bad", InPartition(0));
        await PublishAsync(pubSub, "behind", InPartition(0));
        for (var number = 0; number < 10; number++)
            await PublishAsync(pubSub, $"{number}", InPartition(1));
        await SubscribeAsync(pubSub, mailbox.HandleAsync);

        List<string> arrived = [];
        while (arrived.Count(static text => text != "bad") < 10 || arrived.Count(static text => text == "bad") < 3)
            arrived.Add(await mailbox.NextTextAsync("the other partition's messages and three tries of the bad one"));
        Assert.Equal(Enumerable.Range(0, 10).Select(static number => $"{number}"), arrived.Where(static text => text != "bad"));

        Volatile.Write(ref recovers, true);
        string text;
        do
            text = await mailbox.NextTextAsync("the message behind the bad one");
        while (text == "bad");
        Assert.Equal("behind", text);
    }

    [Theory]
    [InlineData("consumeRetryEnabled", "false", 1)]
    [InlineData("backOffMaxRetries", "2", 3)]
    public async Task A_message_is_passed_over_when_its_tries_are_over(string field, string value, int tries)
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync((field, value));
        var mailbox = new Mailbox(static (message, _) => Text(message) == "bad" ? throw new InvalidOperationException("not this one") : ValueTask.FromResult(Delivery.Ack));
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "bad");
        await PublishAsync(pubSub, "good");

        Assert.Equal([.. Enumerable.Repeat("bad", tries), "good"], await mailbox.NextTextsAsync(tries + 1));
    }

    [Fact]
    public async Task A_message_that_is_passed_over_at_the_end_comes_again_to_the_next_session()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync(ShortSession, ("consumeRetryEnabled", "false"));
        var mailbox = new Mailbox(static (message, _) => ValueTask.FromResult(Text(message) == "bad" ? Delivery.Nack : Delivery.Ack));
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "good");
        await PublishAsync(pubSub, "bad");
        await mailbox.NextTextsAsync(2);
        await pubSub.DisposeAsync();

        var next = new Mailbox();
        await SubscribeAsync(await OpenAsync(ShortSession), next.HandleAsync);
        Assert.Equal("bad", await next.NextTextAsync("what was left unmarked"));
    }

    [Theory]
    [InlineData("range")]
    [InlineData("roundrobin")]
    [InlineData("sticky")]
    public async Task Members_of_a_group_share_partitions_and_nothing_is_handled_twice(string strategy)
    {
        await CreateTopicAsync(4);
        var (firstLog, secondLog) = (new LogLines(), new LogLines());
        var first = await OpenAsync(firstLog, ShortSession, ("consumerGroupRebalanceStrategy", strategy));
        var mailbox = new Mailbox();
        await SubscribeAsync(first, mailbox.HandleAsync);
        await firstLog.LineAsync("handles partitions");
        await PublishToAllAsync(first, "before");
        await mailbox.NextTextsAsync(4);

        // The mock cluster takes no commits while a group forms anew, which brokers do.
        for (var number = 0; number < 4; number++)
            await Eventually.TrueAsync(() => RawKafka.Committed(Server.Address, Group, Topic, number) == 1, $"the commit of partition {number}");

        var other = new Mailbox();
        await SubscribeAsync(await OpenAsync(secondLog, ShortSession, ("consumerGroupRebalanceStrategy", strategy)), other.HandleAsync);
        await secondLog.LineAsync($"{Topic}/");
        await PublishToAllAsync(first, "after");

        List<string> shared = [.. await mailbox.NextTextsAsync(2), .. await other.NextTextsAsync(2)];
        Assert.Equal(["after 0", "after 1", "after 2", "after 3"], shared.Order());
        Assert.Empty(mailbox.Rest().Concat(other.Rest()));
    }

    [Fact]
    public async Task A_handler_under_way_when_the_group_forms_anew_is_waited_for_and_its_message_is_not_handled_twice()
    {
        await CreateTopicAsync(1);
        var log = new LogLines();
        var pubSub = await OpenAsync(log, ShortSession, ("drainTimeout", "30s"));
        var gate = new TaskCompletionSource();
        var wasCancelled = false;
        var mailbox = new Mailbox(async (_, cancellationToken) =>
        {
            await gate.Task;
            wasCancelled = cancellationToken.IsCancellationRequested;
            return Delivery.Ack;
        });
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "slow");
        await mailbox.NextAsync("the message whose handler is slow");
        await SubscribeAsync(pubSub, new Mailbox().HandleAsync, $"{Topic}-2");
        await log.LineAsync("gives back");
        gate.SetResult();

        await PublishAsync(pubSub, "next");
        Assert.Equal("next", await mailbox.NextTextAsync("the next message"));
        Assert.False(wasCancelled);
    }

    [Fact]
    public async Task A_handler_that_outlasts_the_drain_time_is_cancelled_and_its_message_comes_again()
    {
        await CreateTopicAsync(1);
        var log = new LogLines();
        var pubSub = await OpenAsync(log, ShortSession, ("drainTimeout", "100ms"));
        var times = 0;
        var mailbox = new Mailbox(async (_, cancellationToken) =>
        {
            if (Interlocked.Increment(ref times) == 1)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return Delivery.Ack;
        });
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "stuck");
        await mailbox.NextAsync("the message whose handler is stuck");
        await SubscribeAsync(pubSub, new Mailbox().HandleAsync, $"{Topic}-2");

        Assert.Equal("stuck", await mailbox.NextTextAsync("the message that was given back"));
    }

    [Fact]
    public async Task A_handler_slower_than_the_poll_interval_keeps_its_partition()
    {
        await CreateTopicAsync(2);
        var log = new LogLines();
        var context = Context(log);
        var interval = TimeSpan.FromSeconds(6);
        var milliseconds = interval.TotalMilliseconds.ToString(CultureInfo.InvariantCulture);
        var consumer = Own(new KafkaConsumer(
            Group,
            [.. KafkaSettings.ForConsumer(KafkaOptions.Read(context), context.Metadata).Where(static setting => setting.Name != "session.timeout.ms"),
                new("session.timeout.ms", milliseconds, ""), new("max.poll.interval.ms", milliseconds, "")],
            new KafkaHandling(new KafkaHeaders(null, false), KafkaRetry.Never, new KafkaDrain(TimeSpan.FromSeconds(1), TimeProvider.System), TimeProvider.System, log),
            null));
        var gate = new TaskCompletionSource();
        var mailbox = new Mailbox(async (message, _) =>
        {
            if (Text(message) == "slow")
                await gate.Task;
            return Delivery.Ack;
        });
        Own(consumer.Subscribe(new PubSubSubscription(Topic, new Dictionary<string, string>()), mailbox.HandleAsync));
        var publisher = await OpenAsync();
        await PublishAsync(publisher, "slow", InPartition(0));
        await mailbox.NextAsync("the message whose handler is slow");
        var started = TimeProvider.System.GetTimestamp();

        // The other partition tells the time, and that the consumer works on.
        while (TimeProvider.System.GetElapsedTime(started) < interval + TimeSpan.FromSeconds(2))
        {
            await PublishAsync(publisher, "tick", InPartition(1));
            Assert.Equal("tick", await mailbox.NextTextAsync("a message of the other partition"));
        }

        gate.SetResult();
        await PublishAsync(publisher, "next", InPartition(0));
        Assert.Equal("next", await mailbox.NextTextAsync("the message behind the slow one"));
        Assert.DoesNotContain(log.All, static line => line.Contains("gives back", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_batch_is_with_the_handler_at_once_and_offsets_count_up_to_the_first_that_is_not_answered()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync();
        var answers = Enumerable.Range(0, 10).Select(static _ => new TaskCompletionSource<Delivery>()).ToArray();
        var mailbox = new Mailbox((message, _) => new ValueTask<Delivery>(answers[int.Parse(Text(message), CultureInfo.InvariantCulture) % 10].Task));
        await SubscribeAsync(pubSub, mailbox.HandleAsync, batchSize: 10);
        for (var number = 0; number < 11; number++)
            await PublishAsync(pubSub, $"{number}");

        Assert.Equal(Enumerable.Range(0, 10).Select(static number => $"{number}"), await mailbox.NextTextsAsync(10));
        answers[0].SetResult(Delivery.Ack);
        Assert.Equal("10", await mailbox.NextTextAsync("the message for which there is room now"));
        for (var number = 5; number < 10; number++)
            answers[number].SetResult(Delivery.Ack);
        await Eventually.TrueAsync(() => RawKafka.Committed(Server.Address, Group, Topic, 0) == 1, "the commit of the first message alone");
        for (var number = 1; number < 5; number++)
            answers[number].SetResult(Delivery.Ack);
        await Eventually.TrueAsync(() => RawKafka.Committed(Server.Address, Group, Topic, 0) == 11, "the commit of all");
    }

    [Fact]
    public async Task Two_subscriptions_of_a_topic_share_its_partitions_and_one_goes_on_without_the_other()
    {
        await CreateTopicAsync(2);
        var pubSub = await OpenAsync();
        var (first, second) = (new Mailbox(), new Mailbox());
        var ending = await SubscribeAsync(pubSub, first.HandleAsync);
        await SubscribeAsync(pubSub, second.HandleAsync);
        await PublishAsync(pubSub, "zero", InPartition(0));
        await PublishAsync(pubSub, "one", InPartition(1));
        Assert.Equal(("zero", "one"), (await first.NextTextAsync("partition 0"), await second.NextTextAsync("partition 1")));

        await ending.DisposeAsync();
        await PublishAsync(pubSub, "more", InPartition(0));
        Assert.Equal("more", await second.NextTextAsync("what the other would have had"));
        Assert.Empty(first.Rest());
    }

    private async Task PublishToAllAsync(KafkaPubSub pubSub, string text)
    {
        for (var number = 0; number < 4; number++)
            await PublishAsync(pubSub, $"{text} {number}", InPartition(number));
    }
}
