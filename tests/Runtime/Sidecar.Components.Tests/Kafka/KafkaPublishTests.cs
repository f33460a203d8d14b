using System.Globalization;
using Sidecar.Components.Kafka;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>What a record carries, both ways, and what becomes of records that cannot be written.</summary>
public sealed class KafkaPublishTests : KafkaTest
{
    [Fact]
    public async Task Metadata_travels_as_headers_and_comes_with_place_time_and_key()
    {
        await CreateTopicAsync(4);
        var pubSub = await OpenAsync(("excludeHeaderMetaRegex", "^secret"));
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "1", ("partitionKey", "b"), ("colour", "ä b"), ("secretThing", "x"));

        var metadata = (await mailbox.NextAsync("the message")).Metadata.ToDictionary();
        Assert.True(metadata.Remove("__timestamp", out var time) && long.Parse(time, CultureInfo.InvariantCulture) > 1_700_000_000_000);

        // FNV-1a of "b" is 0xE70C2DE5, below zero as a signed number: Sarama's partition is 3, where an unsigned rest would be 1.
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["__key"] = "b",
                ["__offset"] = "0",
                ["__partition"] = "3",
                ["__topic"] = Topic,
                ["partitionKey"] = "b",
                ["colour"] = "ä b",
            },
            metadata);
    }

    [Fact]
    public async Task The_key_may_be_named_as_deliveries_name_it_and_the_partition_by_its_number()
    {
        await CreateTopicAsync(4);
        var pubSub = await OpenAsync();
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "1", ("__key", "b"), InPartition(2));

        var message = await mailbox.NextAsync("the message");
        Assert.Equal(("b", "2"), (message.Metadata["__key"], message.Metadata["__partition"]));
    }

    [Fact]
    public async Task Null_is_a_record_without_value_and_the_other_way_round()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync();
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await Server.TellAsync($"produce {Topic} 0 -");
        await PublishAsync(pubSub, "null");

        Assert.Equal(["null", "null"], await mailbox.NextTextsAsync(2));
    }

    [Fact]
    public async Task Headers_of_another_producer_come_as_they_are()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync();
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await Server.TellAsync($"produce {Topic} 0 text content-type=application/octet-stream ce_id=7");

        var message = await mailbox.NextAsync("the foreign message");
        Assert.Equal(("text", "application/octet-stream", "7"), (Text(message), message.Metadata["content-type"], message.Metadata["ce_id"]));
    }

    [Fact]
    public async Task More_headers_than_most_have_travel_too()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync();
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        await PublishAsync(pubSub, "1", [.. Enumerable.Range(0, 100).Select(static number => ($"name{number}", $"{number}"))]);

        var message = await mailbox.NextAsync("the message");
        Assert.All(Enumerable.Range(0, 100), number => Assert.Equal($"{number}", message.Metadata[$"name{number}"]));
    }

    [Fact]
    public async Task A_batch_says_which_of_its_messages_the_broker_does_not_have()
    {
        await CreateTopicAsync(2);
        var pubSub = await OpenAsync();
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);

        var missing = await pubSub.PublishAsync(
            [Message("0", InPartition(0)), Message("1", InPartition(9)), Message("2", ("partitionNumber", "x")), Message("3", InPartition(0))], CancellationToken.None);

        Assert.Equal([1, 2], missing.Select(static entry => entry.Index).Order());
        Assert.Contains($"topic '{Topic}' has no partition 9", missing.Single(static entry => entry.Index == 1).Reason.Message, StringComparison.Ordinal);
        Assert.Equal(["0", "3"], await mailbox.NextTextsAsync(2));
    }

    [Theory]
    [InlineData("-1", "'partitionNumber' is '-1'")]
    [InlineData("9", "has no partition 9")]
    public async Task A_partition_that_is_not_there_is_an_error(string number, string expected)
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync();

        var failure = await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, "1", ("partitionNumber", number)));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_larger_than_the_limit_is_an_error_that_names_it()
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync(("maxMessageBytes", "2000"));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, new string('x', 3000)));
        Assert.Contains("'maxMessageBytes' is 2000", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_is_an_error_until_it_does()
    {
        await CreateTopicAsync(1);
        await Server.TellAsync($"error {Topic} 3");
        var pubSub = await OpenAsync(("writeTimeout", "12s"));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, "1"));
        Assert.Equal($"topic '{Topic}' does not exist, and the broker makes none by itself; create it first", failure.Message);

        // Known by now not to be there, it is refused at once, headers or not.
        await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, "1", ("header", "value")));

        await Server.TellAsync($"error {Topic} 0");
        await Eventually.TrueAsync(
            async () =>
            {
                await PublishAsync(pubSub, "2");
                return true;
            },
            "a publish to the topic that exists now");
    }

    [Fact]
    public async Task Names_that_Kafka_does_not_take_and_Avro_are_refused_before_anything_is_sent()
    {
        var pubSub = await OpenAsync();

        var failure = await Assert.ThrowsAsync<ComponentException>(() => pubSub.PublishAsync(Message("1") with { Topic = "a/b" }, CancellationToken.None).AsTask());
        Assert.Contains("topic 'a/b' cannot be in Kafka", failure.Message, StringComparison.Ordinal);
        failure = await Assert.ThrowsAsync<ComponentException>(() => PublishAsync(pubSub, "1", ("valueSchemaType", "Avro")));
        Assert.Contains("Avro", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ComponentException>(() => SubscribeAsync(pubSub, new Mailbox().HandleAsync, "^t.*"));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("snappy")]
    [InlineData("lz4")]
    [InlineData("zstd")]
    public async Task Compressed_messages_arrive(string compression)
    {
        await CreateTopicAsync(1);
        var pubSub = await OpenAsync(("compression", compression));
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        var text = new string('x', 10_000);
        await PublishAsync(pubSub, text);

        Assert.Equal(text, await mailbox.NextTextAsync("the compressed message"));
    }
}
