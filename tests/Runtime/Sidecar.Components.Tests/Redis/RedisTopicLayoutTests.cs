using System.Globalization;
using System.Text;
using System.Threading.Channels;
using Sidecar.Components.PubSub;
using Sidecar.Components.Redis;
using TestSupport;

namespace Sidecar.Components.Tests.Redis;

/// <summary>Streams, groups and their entries are Dapr's (contract 6.7).</summary>
public sealed class RedisTopicLayoutTests : RealRedisTest
{
    private readonly Channel<PubSubMessage> _arrived = Channel.CreateUnbounded<PubSubMessage>();

    private string Topic => Prefix + "t";

    [Fact]
    public async Task A_message_is_an_entry_with_data_and_where_there_is_some_metadata()
    {
        var pubSub = await OpenAsync(new RedisPubSub());
        await pubSub.PublishAsync(Message("t", """{"id":"1"}""", ("rawPayload", "true")), None);
        await pubSub.PublishAsync(Message("t", "plain"), None);

        var entries = (await CliAsync("XRANGE", Topic, "-", "+")).Split('\n');
        Assert.Equal(["data", """{"id":"1"}""", "metadata", """{"rawPayload":"true"}"""], entries[1..5]);
        Assert.Equal(["data", "plain"], entries[6..]);
    }

    [Fact]
    public async Task A_subscription_is_a_group_named_as_its_consumer_that_begins_with_the_oldest()
    {
        await CliAsync("XADD", Topic, "*", "data", "by dapr", "metadata", """{"a":"1"}""");
        await CliAsync("XADD", Topic, "*", "data", "older dapr");
        await CliAsync("XADD", Topic, "*", "data", "odd", "metadata", "no json", "more", "2");
        await CliAsync("XADD", Topic, "*", "other", "1");
        var pubSub = await OpenAsync(new RedisPubSub(), ("consumerID", "readers"));
        await SubscribeAsync(pubSub, "t", Take);

        var messages = new[] { await NextAsync(), await NextAsync(), await NextAsync(), await NextAsync() };
        Assert.Equal(["by dapr", "older dapr", "odd", ""], messages.Select(Text));
        Assert.Equal("1", Assert.Single(messages[0].Metadata).Value);
        Assert.All(messages[1..], message => Assert.Empty(message.Metadata));
        Assert.Contains("readers", await CliAsync("XINFO", "GROUPS", Topic), StringComparison.Ordinal);
        Assert.StartsWith("name\nreaders\n", await CliAsync("XINFO", "CONSUMERS", Topic, "readers"), StringComparison.Ordinal);
        await Eventually.TrueAsync(async () => (await CliAsync("XPENDING", Topic, "readers", "-", "+", "9")).Length == 0, "all to be acknowledged");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_fails_is_acknowledged_like_anything_else(bool byException)
    {
        var pubSub = await OpenAsync(new RedisPubSub(), ("processingTimeout", "30s"), ("redeliverInterval", "100ms"));
        await SubscribeAsync(pubSub, "t", (message, _) =>
        {
            _arrived.Writer.TryWrite(message);
            return byException ? throw new InvalidOperationException("not today") : ValueTask.FromResult(Delivery.Nack);
        });
        await pubSub.PublishAsync(Message("t", "1"), None);

        await NextAsync();
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "the failed one to be acknowledged");
        Assert.False(_arrived.Reader.TryRead(out _));
    }

    [Fact]
    public async Task What_is_not_handled_within_processingTimeout_stays_pending_and_comes_again()
    {
        var pubSub = await OpenAsync(new RedisPubSub(), ("processingTimeout", "300ms"), ("redeliverInterval", "100ms"));
        var times = 0;
        await SubscribeAsync(pubSub, "t", async (message, token) =>
        {
            if (Interlocked.Increment(ref times) == 1)
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, token);
            return await Take(message, token);
        });
        await pubSub.PublishAsync(Message("t", "1"), None);

        Assert.Equal("1", Text(await NextAsync()));
        Assert.Equal(2, times);
    }

    [Fact]
    public async Task What_another_consumer_has_left_behind_is_claimed_after_processingTimeout()
    {
        await CliAsync("XGROUP", "CREATE", Topic, "app", "0", "MKSTREAM");
        for (var number = 0; number < 25; number++)
            await CliAsync("XADD", Topic, "*", "data", $"{number}");
        await CliAsync("XREADGROUP", "GROUP", "app", "who-died", "COUNT", "25", "STREAMS", Topic, ">");
        var pubSub = await OpenAsync(new RedisPubSub(), ("processingTimeout", "300ms"), ("redeliverInterval", "50ms"), ("queueDepth", "10"));
        await SubscribeAsync(pubSub, "t", Take);

        List<string> arrived = [];
        while (arrived.Count < 25)
            arrived.Add(Text(await NextAsync()));
        Assert.Equal(25, arrived.Distinct().Count());
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "all to be acknowledged");
    }

    [Fact]
    public async Task An_entry_that_was_deleted_while_it_was_pending_troubles_nobody()
    {
        await CliAsync("XGROUP", "CREATE", Topic, "app", "0", "MKSTREAM");
        var id = await CliAsync("XADD", Topic, "*", "data", "gone");
        await CliAsync("XADD", Topic, "*", "data", "here");
        await CliAsync("XREADGROUP", "GROUP", "app", "who-died", "STREAMS", Topic, ">");
        await CliAsync("XDEL", Topic, id);
        var pubSub = await OpenAsync(new RedisPubSub(), ("processingTimeout", "100ms"), ("redeliverInterval", "50ms"));
        await SubscribeAsync(pubSub, "t", Take);

        Assert.Equal("here", Text(await NextAsync()));
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "nothing to be pending");
    }

    [Fact]
    public async Task What_was_read_and_not_begun_is_another_s_as_soon_as_the_subscription_ends()
    {
        // A minute would be too long for this test, hence only what is given back can arrive.
        (string, string)[] metadata = [("processingTimeout", "10m"), ("redeliverInterval", "50ms"), ("concurrency", "1")];
        var first = await OpenAsync(new RedisPubSub(), metadata);
        var second = await OpenAsync(new RedisPubSub(), metadata);
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        for (var number = 0; number < 20; number++)
            await first.PublishAsync(Message("t", $"{number}"), None);
        var subscription = await SubscribeAsync(first, "t", async (_, _) =>
        {
            begun.TrySetResult();
            await release.Task;
            return Delivery.Ack;
        });
        await begun.Task.WithinAsync("the first message");
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Split('\n').Length == 20 * 4, "all to be read");
        await SubscribeAsync(second, "t", Take);

        var end = subscription.DisposeAsync();
        release.SetResult();
        await end;

        List<string> arrived = [];
        while (arrived.Count < 19)
            arrived.Add(Text(await NextAsync()));
        Assert.Equal(Enumerable.Range(1, 19).Select(number => $"{number}"), arrived);
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Length == 0, "all to be acknowledged");
        Assert.False(_arrived.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Another_subscription_of_the_component_takes_up_what_one_leaves_whatever_the_interval()
    {
        var pubSub = await OpenAsync(new RedisPubSub(), ("redeliverInterval", "10m"), ("processingTimeout", "10m"), ("concurrency", "1"));
        var (begun, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        await pubSub.PublishAsync(Message("t", "1"), None);
        await pubSub.PublishAsync(Message("t", "2"), None);
        var ended = await SubscribeAsync(pubSub, "t", async (_, _) =>
        {
            begun.TrySetResult();
            await release.Task;
            return Delivery.Ack;
        });
        await begun.Task.WithinAsync("the first message");
        await Eventually.TrueAsync(async () => (await PendingAsync("t")).Split('\n').Length == 2 * 4, "both to be read");
        await SubscribeAsync(pubSub, "t", Take);

        var end = ended.DisposeAsync();
        release.SetResult();
        await end;
        Assert.Equal("2", Text(await NextAsync()));
    }

    [Fact]
    public async Task A_component_that_is_closed_before_its_subscription_ends_it_first()
    {
        var pubSub = await OpenAsync(new RedisPubSub());
        var subscription = await SubscribeAsync(pubSub, "t", Take);
        await pubSub.PublishAsync(Message("t", "1"), None);
        await NextAsync();
        await pubSub.DisposeAsync().AsTask().WithinAsync("the end of the component");

        await subscription.DisposeAsync().AsTask().WithinAsync("the end of the subscription");
        Assert.Equal("", await PendingAsync("t"));
    }

    [Fact]
    public async Task A_group_that_somebody_destroys_is_made_again()
    {
        var pubSub = await OpenAsync(new RedisPubSub());
        await SubscribeAsync(pubSub, "t", Take);
        await pubSub.PublishAsync(Message("t", "1"), None);
        await NextAsync();
        await CliAsync("DEL", Topic);
        await pubSub.PublishAsync(Message("t", "2"), None);

        Assert.Equal("2", Text(await NextAsync()));
    }

    [Fact]
    public async Task A_key_that_is_no_stream_is_told_to_who_subscribes_or_publishes()
    {
        await CliAsync("SET", Topic, "1");
        var pubSub = await OpenAsync(new RedisPubSub());

        Assert.Contains("another kind of value", (await Assert.ThrowsAsync<ComponentException>(() => SubscribeAsync(pubSub, "t", Take))).Message, StringComparison.Ordinal);
        Assert.Contains("another kind of value", (await Assert.ThrowsAsync<ComponentException>(async () => await pubSub.PublishAsync(Message("t", "1"), None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MaxLenApprox_trims_the_stream()
    {
        var pubSub = await OpenAsync(new RedisPubSub(), ("maxLenApprox", "10"));
        await Task.WhenAll(Enumerable.Range(0, 500).Select(number => pubSub.PublishAsync(Message("t", $"{number}"), None).AsTask()));

        Assert.InRange(int.Parse(await CliAsync("XLEN", Topic), CultureInfo.InvariantCulture), 10, 250);
    }

    [Fact]
    public async Task StreamTTL_trims_what_is_older()
    {
        // Entries of 1970, more than a node of the stream holds, because the server trims whole nodes.
        for (var number = 1; number <= 110; number++)
            await CliAsync("XADD", Topic, $"{number}-1", "data", "old");
        var pubSub = await OpenAsync(new RedisPubSub(), ("streamTTL", "1h"));
        await pubSub.PublishAsync(Message("t", "1"), None);

        Assert.InRange(int.Parse(await CliAsync("XLEN", Topic), CultureInfo.InvariantCulture), 1, 11);
    }

    [Theory]
    [InlineData("exclude each other", "streamTTL", "1h", "maxLenApprox", "5")]
    [InlineData("streamTTL", "streamTTL", "0")]
    [InlineData("maxLenApprox", "maxLenApprox", "-1")]
    [InlineData("concurrency", "concurrency", "0")]
    [InlineData("queueDepth", "queueDepth", "many")]
    public async Task Fields_that_are_wrong_are_named(string told, params string[] fields)
    {
        var failure = await Assert.ThrowsAsync<ComponentException>(() => OpenAsync(new RedisPubSub(), [.. fields.Chunk(2).Select(pair => (pair[0], pair[1]))]));
        Assert.Contains(told, failure.Message, StringComparison.Ordinal);
    }

    private static string Text(PubSubMessage message) => Encoding.UTF8.GetString(message.Data.Span);

    private ValueTask<Delivery> Take(PubSubMessage message, CancellationToken cancellationToken)
    {
        _arrived.Writer.TryWrite(message);
        return ValueTask.FromResult(Delivery.Ack);
    }

    private Task<PubSubMessage> NextAsync() => _arrived.Reader.ReadAsync().AsTask().WithinAsync("the next message");
}
