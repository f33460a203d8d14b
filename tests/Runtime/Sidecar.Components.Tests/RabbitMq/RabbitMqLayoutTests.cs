using System.Text;
using RabbitMQ.Client;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Components.Tests.RabbitMq;

/// <summary>Exchanges, queues and messages are laid out as Dapr's own component does it, seen by rabbitmqctl and by a bare client.</summary>
public sealed class RabbitMqLayoutTests : RabbitMqTest
{
    [Fact]
    public async Task A_topic_is_an_exchange_and_a_consumer_group_has_a_queue_of_its_own()
    {
        await SubscribeAsync(await OpenAsync(("prefetchCount", "7")), "t");

        Assert.Equal(["t fanout true true []"], await ListAsync("list_exchanges", "name", "type", "durable", "auto_delete", "arguments"));
        Assert.Equal(["""app-t true true [{"x-queue-type","classic"}]"""], await ListAsync("list_queues", "name", "durable", "auto_delete", "arguments"));
        Assert.Contains("t app-t  []", await ListAsync("list_bindings", "source_name", "destination_name", "routing_key", "arguments"));
        var consumer = Assert.Single(await ListAsync("list_consumers", "queue_name", "consumer_tag", "ack_required", "prefetch_count"));
        Assert.Matches("^app-t app-t-[0-9a-f]{8}-[0-9a-f-]{27} true 7$", consumer);
    }

    [Fact]
    public async Task Fields_and_subscription_metadata_become_arguments()
    {
        var pubSub = await OpenAsync(
            ("durable", "false"), ("deletedWhenUnused", "false"), ("exchangeKind", "topic"), ("enableDeadLetter", "true"), ("maxLen", "100"), ("maxLenBytes", "1000000"), ("autoAck", "true"));
        await SubscribeAsync(pubSub, "t", ("queueName", Prefix + "q"), ("routingKey", "a.*,b"), ("maxLen", "50"), ("maxPriority", "300"), ("singleActiveConsumer", "true"));

        Assert.Equal(["dlx-q fanout true false", "t topic false false"], await ListAsync("list_exchanges", "name", "type", "durable", "auto_delete"));
        Assert.Equal(
            [
                """dlq-q true false [{"x-max-length",100},{"x-max-length-bytes",1000000},{"x-queue-mode","lazy"}]""",
                """q false false [{"x-max-length",50},{"x-max-length-bytes",1000000},{"x-dead-letter-exchange","dlx-q"},{"x-max-priority",255},{"x-single-active-consumer",true},{"x-queue-type","classic"}]""",
            ],
            await ListAsync("list_queues", "name", "durable", "auto_delete", "arguments"));
        var bindings = await ListAsync("list_bindings", "source_name", "destination_name", "routing_key");
        Assert.Contains("t q a.*", bindings);
        Assert.Contains("t q b", bindings);
        Assert.Contains("dlx-q dlq-q", bindings);
        Assert.EndsWith(" false 0", Assert.Single(await ListAsync("list_consumers", "queue_name", "consumer_tag", "ack_required", "prefetch_count")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_can_be_a_quorum_queue()
    {
        var arrivals = await SubscribeAsync(await OpenAsync(("deletedWhenUnused", "false")), "t", ("queueType", "quorum"));
        await PublishAsync(await OpenAsync(("deletedWhenUnused", "false")), "t", "1");

        Assert.Equal("1", await arrivals.NextTextAsync());
        Assert.Equal(["app-t quorum"], await ListAsync("list_queues", "name", "type"));
    }

    [Fact]
    public async Task A_message_goes_out_as_dapr_sends_it()
    {
        var pubSub = await OpenAsync(("deliveryMode", "2"), ("ttlInSeconds", "600"), ("exchangeKind", "direct"), ("publisherConfirm", "true"));
        var bare = await BareChannelAsync();
        await bare.ExchangeDeclareAsync(Prefix + "t", "direct", durable: true, autoDelete: true);
        var queue = await bare.QueueDeclareAsync(arguments: new Dictionary<string, object?> { ["x-max-priority"] = 10 });
        await bare.QueueBindAsync(queue.QueueName, Prefix + "t", "");
        await bare.QueueBindAsync(queue.QueueName, Prefix + "t", "key");
        await PublishAsync(pubSub, "t", "plain");
        await PublishAsync(pubSub, "t", "full", TimeSpan.FromSeconds(7), ("routingKey", "key"), ("contentType", "a/b"), ("priority", "3"), ("MessageId", "m"), ("correlationID", "c"), ("type", "ty"), ("other", "x"));

        // The more urgent one first.
        var full = await GetAsync(bare, queue.QueueName);
        Assert.Equal(("full", "key", "a/b", "7000", "m", "c", "ty"), (Encoding.UTF8.GetString(full.Body.Span), full.RoutingKey, full.BasicProperties.ContentType, full.BasicProperties.Expiration, full.BasicProperties.MessageId, full.BasicProperties.CorrelationId, full.BasicProperties.Type));
        Assert.Equal((3, DeliveryModes.Persistent), (full.BasicProperties.Priority, full.BasicProperties.DeliveryMode));
        var plain = await GetAsync(bare, queue.QueueName);
        Assert.Equal(("plain", "", "text/plain", "600000"), (Encoding.UTF8.GetString(plain.Body.Span), plain.RoutingKey, plain.BasicProperties.ContentType, plain.BasicProperties.Expiration));
        Assert.False(plain.BasicProperties.IsPriorityPresent() || plain.BasicProperties.IsMessageIdPresent() || plain.BasicProperties.IsTypePresent());
        Assert.Null(full.BasicProperties.Headers);
        Assert.Null(plain.BasicProperties.Headers);
    }

    [Fact]
    public async Task Without_fields_a_message_is_transient_and_does_not_expire()
    {
        var bare = await BareChannelAsync();
        await bare.ExchangeDeclareAsync(Prefix + "t", "fanout", durable: true, autoDelete: true);
        var queue = await bare.QueueDeclareAsync();
        await bare.QueueBindAsync(queue.QueueName, Prefix + "t", "");
        await PublishAsync(await OpenAsync(), "t", "1");

        var message = await GetAsync(bare, queue.QueueName);
        Assert.False(message.BasicProperties.IsDeliveryModePresent() || message.BasicProperties.IsExpirationPresent());
    }

    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task Properties_and_headers_of_others_become_metadata_where_that_is_asked_for(string toMetadata)
    {
        var arrivals = await SubscribeAsync(await OpenAsync(("publishMessagePropertiesToMetadata", toMetadata)), "t");
        var bare = await BareChannelAsync();
        var properties = new BasicProperties
        {
            MessageId = "m",
            CorrelationId = "c",
            Type = "ty",
            ContentType = "a/b",
            Headers = new Dictionary<string, object?> { ["Text"] = "ä", ["number"] = 5 },
        };
        await bare.BasicPublishAsync(Prefix + "t", "", mandatory: false, properties, "1"u8.ToArray());

        var message = await arrivals.NextAsync();
        Assert.Equal((Prefix + "t", null), (message.Topic, message.ContentType));
        Assert.Equal(
            toMetadata == "true" ? "metadata.Text=ä metadata.contenttype=a/b metadata.correlationid=c metadata.messageid=m metadata.number=5 metadata.type=ty" : "",
            string.Join(' ', message.Metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Theory]
    [InlineData("false", 0)]
    [InlineData("true", 1)]
    public async Task A_message_that_fails_is_dropped_or_dead_lettered_where_nothing_is_requeued(string enableDeadLetter, int dead)
    {
        var pubSub = await OpenAsync(("deletedWhenUnused", "false"), ("enableDeadLetter", enableDeadLetter));
        var arrivals = await SubscribeAsync(pubSub, "t");
        arrivals.Answer = (message, _) => ValueTask.FromResult(Encoding.UTF8.GetString(message.Data.Span) == "bad" ? Delivery.Nack : Delivery.Ack);
        await PublishAsync(pubSub, "t", "bad");
        Assert.Equal("bad", await arrivals.NextTextAsync());
        await PublishAsync(pubSub, "t", "good");

        Assert.Equal("good", await arrivals.NextTextAsync());
        await Eventually.TrueAsync(async () => (await ListAsync("list_queues", "name", "messages")).SequenceEqual(dead == 0 ? ["app-t 0"] : ["app-t 0", "dlq-app-t 1"]), "the queues to hold what is left");
    }

    [Fact]
    public async Task A_message_whose_time_is_over_is_dropped_by_the_broker()
    {
        var pubSub = await OpenAsync(("deletedWhenUnused", "false"), ("publisherConfirm", "true"));
        var subscription = await pubSub.SubscribeAsync(new PubSubSubscription(Prefix + "t", NoMetadata), new Arrivals().HandleAsync, CancellationToken.None);
        await subscription.DisposeAsync();
        await PublishAsync(pubSub, "t", "short", TimeSpan.FromMilliseconds(1));
        await PublishAsync(pubSub, "t", "long", TimeSpan.FromHours(1));
        await PublishAsync(pubSub, "t", "longer than RabbitMQ has room for", TimeSpan.FromDays(365));
        var bare = await BareChannelAsync();
        await Eventually.TrueAsync(async () => await bare.MessageCountAsync($"{Prefix}app-{Prefix}t") == 2, "the first message to expire");

        Assert.Equal("long", await (await SubscribeAsync(pubSub, "t")).NextTextAsync());
    }

    [Fact]
    public async Task Single_concurrency_handles_one_message_after_the_other()
    {
        var pubSub = await OpenAsync(("concurrencyMode", "single"), ("publisherConfirm", "true"));
        var arrivals = await SubscribeAsync(pubSub, "t");
        var (now, most) = (0, 0);
        arrivals.Answer = async (_, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
            return Delivery.Ack;
        };
        for (var number = 0; number < 50; number++)
            await PublishAsync(pubSub, "t", $"{number}");

        for (var number = 0; number < 50; number++)
            Assert.Equal($"{number}", await arrivals.NextTextAsync());
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task A_batch_larger_than_the_prefetch_count_can_become_whole()
    {
        var pubSub = await OpenAsync(("prefetchCount", "2"), ("publisherConfirm", "true"));
        var arrivals = new Arrivals();
        var release = new TaskCompletionSource<Delivery>();
        arrivals.Answer = (_, _) => new ValueTask<Delivery>(release.Task);
        Owned(await pubSub.SubscribeAsync(new PubSubSubscription(Prefix + "t", NoMetadata) { BatchSize = 5 }, arrivals.HandleAsync, CancellationToken.None));
        for (var number = 0; number < 5; number++)
            await PublishAsync(pubSub, "t", $"{number}");

        for (var number = 0; number < 5; number++)
            Assert.Equal($"{number}", await arrivals.NextTextAsync($"message {number + 1} of a batch of 5"));
        release.SetResult(Delivery.Ack);
    }

    private static async Task<BasicGetResult> GetAsync(IChannel channel, string queue) =>
        await Eventually.GetAsync(async () => await channel.BasicGetAsync(queue, autoAck: true), $"a message in {queue}");
}
