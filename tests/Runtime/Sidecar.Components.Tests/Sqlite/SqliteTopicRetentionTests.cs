using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Components.Sqlite;
using TestSupport;

namespace Sidecar.Components.Tests.Sqlite;

/// <summary>How long pubsub.sqlite keeps messages.</summary>
public sealed class SqliteTopicRetentionTests : SqliteTopicsTest
{
    [Fact]
    public async Task A_new_group_starts_at_the_oldest_message_there_is()
    {
        var pubSub = await OpenAsync(Clock);
        await SubscribeAsync(pubSub);
        await PublishAsync(pubSub, "1");
        await NextAsync("the delivery to the first group");

        await SubscribeAsync(await OpenAsync(Clock, ("consumerID", "late")));
        Assert.Equal("1", await NextAsync("the delivery to the new group"));
    }

    [Fact]
    public async Task Old_messages_are_deleted_once_every_group_is_done_with_them()
    {
        var pubSub = await OpenAsync(Clock, ("retention", "1h"), ("cleanupInterval", "10m"));
        await SubscribeAsync(pubSub, (message, _) =>
        {
            var text = Encoding.UTF8.GetString(message.Data.Span);
            Arrived.Writer.TryWrite(text);
            return ValueTask.FromResult(text == "failing" ? Delivery.Nack : Delivery.Ack);
        });
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('unread', 'away', 0)");
        await PublishAsync(pubSub, "done");
        await PublishAsync(pubSub, "failing");
        await PublishAsync(pubSub, "nobody reads this", topic: "no group");
        await PublishAsync(pubSub, "not read yet", topic: "unread");
        await Eventually.TrueAsync(() => Raw.Scalar("SELECT count(*) FROM pubsub_leases WHERE consumer_id IS NULL") is 1L, "the failure to be recorded");

        Clock.Advance(TimeSpan.FromMinutes(50));
        await PublishAsync(pubSub, "young");
        Clock.Advance(TimeSpan.FromMinutes(21));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 3, "two messages to be deleted");
        Assert.Equal(
            "failing,not read yet,young",
            Raw.Scalar("SELECT group_concat(text) FROM (SELECT CAST(data AS TEXT) AS text FROM pubsub_messages ORDER BY id)"));
    }

    [Fact]
    public async Task Only_what_the_slowest_group_of_a_topic_has_before_it_is_kept_however_much_there_is()
    {
        await OpenAsync(Clock, ("retention", "1h"), ("cleanupInterval", "10m"));
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('a', 'away', 700), ('a', 'there', 1500)");
        foreach (var topic in new[] { "a", "b" })
        {
            Raw.Execute(
                $"""
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1500)
                INSERT INTO pubsub_messages(topic, published_at, data) SELECT '{topic}', {Now}, 'x' FROM n
                """);
        }

        Clock.Advance(TimeSpan.FromMinutes(71));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 800, "everything but what the group has before it to be deleted");
        Assert.Equal(701L, Raw.Scalar("SELECT min(id) FROM pubsub_messages"));
    }

    [Fact]
    public async Task A_file_that_is_full_refuses_messages_and_those_it_took_are_delivered_once_there_is_room()
    {
        var pubSub = await OpenAsync(Clock, ("connectionString", "topics.db?_pragma=max_page_count(40)"), ("cleanupInterval", "1m"));
        await PublishAsync(pubSub, "kept");
        var failure = await Assert.ThrowsAsync<ComponentException>(async () =>
        {
            while (true)
                await PublishAsync(pubSub, new string('x', 2000), TimeSpan.FromSeconds(30));
        });
        Assert.Contains("disk is full", failure.Message);

        // Time passes, and with it go the messages that fill the file.
        Clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 1, "the expired messages to be deleted");
        await PublishAsync(pubSub, "after");
        await SubscribeAsync(pubSub);
        Assert.Equal(("kept", "after"), (await NextAsync("what was taken before"), await NextAsync("what was taken after")));
    }

    [Fact]
    public async Task Messages_past_their_time_to_live_are_deleted_also_unread()
    {
        var pubSub = await OpenAsync(Clock, ("cleanupInterval", "1m"));
        Raw.Execute("INSERT INTO pubsub_groups(topic, consumer_group, position) VALUES ('t', 'away', 0)");
        await PublishAsync(pubSub, "short", TimeSpan.FromSeconds(5));
        await PublishAsync(pubSub, "unlimited");
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Eventually.TrueAsync(() => Raw.Count("pubsub_messages") == 1, "the expired message to be deleted");
    }
}
