using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using TestSupport;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>Batches for an app that speaks gRPC (contract section 3.4, "App callbacks").</summary>
public sealed class GrpcAppBatchTests
{
    [Fact]
    public async Task A_batch_has_its_events_and_each_has_its_own_status()
    {
        await using var app = await BatchesAsync(count: 4);
        app.OnBulkTopicEvent = batch =>
        {
            var answer = new TopicEventBulkResponse();
            for (var n = 0; n < 3; n++)
                answer.Statuses.Add(new TopicEventBulkResponseEntry { EntryId = batch.Entries[n].EntryId, Status = (Status)n });
            return answer;
        };
        await using var host = await GrpcPubSub.StartAsync(app);

        var answers = (string[])["a", "b", "c", "d"];
        var outcomes = await InOrderAsync(host, answers);
        var batch = await app.NextBatchAsync();

        // Success, retry, drop, and one of which the app says nothing.
        Assert.Equal([Delivery.Ack, Delivery.Nack, Delivery.Ack, Delivery.Nack], outcomes);
        Assert.Equal(("orders", "pubsub", "com.dapr.event.sent.bulk", ""), (batch.Topic, batch.PubsubName, batch.Type, batch.Path));
        Assert.Equal("pubsub", batch.Metadata["pubsubName"]);
        Assert.Equal(answers, batch.Entries.Select(entry => entry.CloudEvent.Id));
        Assert.All(batch.Entries, entry => Assert.Equal(("application/cloudevents+json", """{"n":1}"""), (entry.ContentType, entry.CloudEvent.Data.ToStringUtf8())));
    }

    [Fact]
    public async Task Raw_payloads_are_bytes()
    {
        await using var app = await BatchesAsync(count: 1, raw: true);
        app.OnBulkTopicEvent = Success;
        await using var host = await GrpcPubSub.StartAsync(app);

        host.Broker.Deliver("orders", new byte[] { 1, 0 }, ("Key", "k"));
        var entry = Assert.Single((await app.NextBatchAsync()).Entries);

        Assert.Equal([1, 0], entry.Bytes.ToByteArray());
        Assert.Equal(("application/octet-stream", "k"), (entry.ContentType, entry.Metadata["Key"]));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    public async Task An_older_app_is_asked_by_the_older_method_and_by_that_first_from_then_on()
    {
        await using var app = await BatchesAsync(count: 1);
        app.OnBulkTopicEventAlpha1 = Success;
        await using var host = await GrpcPubSub.StartAsync(app);

        Assert.Equal([Delivery.Ack], await InOrderAsync(host, "a"));
        Assert.Equal([Delivery.Ack], await InOrderAsync(host, "b"));
        (app.OnBulkTopicEvent, app.OnBulkTopicEventAlpha1) = (Success, null);
        Assert.Equal([Delivery.Ack], await InOrderAsync(host, "c"));

        Assert.Equal(
            ["OnBulkTopicEvent", "OnBulkTopicEventAlpha1", "OnBulkTopicEventAlpha1", "OnBulkTopicEventAlpha1", "OnBulkTopicEvent"],
            app.Calls.Where(call => call.StartsWith("OnBulk", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_app_without_either_method_gets_nothing_again()
    {
        await using var app = await BatchesAsync(count: 2, deadLetterTopic: "lost");
        await using var host = await GrpcPubSub.StartAsync(app);

        Assert.Equal([Delivery.Ack, Delivery.Ack], await InOrderAsync(host, "a", "b"));
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_call_that_fails_is_a_retry_of_all()
    {
        await using var app = await BatchesAsync(count: 2);
        app.OnBulkTopicEvent = _ => throw new GrpcException(StatusCode.Internal, "no");
        await using var host = await GrpcPubSub.StartAsync(app);

        Assert.Equal([Delivery.Nack, Delivery.Nack], await InOrderAsync(host, "a", "b"));
    }

    internal static TopicEventBulkResponse Success(TopicEventBulkRequest batch)
    {
        var answer = new TopicEventBulkResponse();
        answer.Statuses.Add(batch.Entries.Select(entry => new TopicEventBulkResponseEntry { EntryId = entry.EntryId }));
        return answer;
    }

    private static async Task<Delivery[]> InOrderAsync(GrpcPubSub host, params string[] ids)
    {
        List<Task<Delivery>> answers = [];
        foreach (var id in ids)
        {
            var begun = host.Broker.Handled + 1;
            answers.Add(host.Broker.DeliverAsync("orders", GrpcPubSub.Event(id)));
            await Eventually.TrueAsync(() => host.Broker.Handled >= begun, $"the delivery of {id} to begin");
        }

        return await Task.WhenAll(answers).WithinAsync("the outcomes");
    }

    internal static Task<GrpcEventApp> BatchesAsync(int count, bool raw = false, string deadLetterTopic = "") => GrpcEventApp.StartAsync(app =>
    {
        var subscription = new TopicSubscription
        {
            PubsubName = "pubsub",
            Topic = "orders",
            DeadLetterTopic = deadLetterTopic,
            BulkSubscribe = new BulkSubscribeConfig { Enabled = true, MaxMessagesCount = count, MaxAwaitDurationMs = 600_000 },
        };
        if (raw)
            subscription.Metadata["rawPayload"] = "true";
        app.Subscriptions = () => GrpcAppTests.List(subscription);
    });
}
