using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Whatever arrives from apps, publishers and brokers: every request has an answer of the contract, and every message an outcome.</summary>
public sealed class GeneratedInputTests
{
    /// <summary>Over the wire; <see cref="EventFuzzTests"/> has the ten thousand of each parser.</summary>
    private const int Messages = 1000;

    private static readonly string?[] ContentTypes =
        [null, "text/plain", "application/json", "application/cloudevents+json", "application/octet-stream", "application/x-protobuf", "image/png"];

    [Fact]
    [Contract(32)]
    public async Task Every_publish_is_answered_and_what_it_publishes_is_an_event()
    {
        await using var host = await PubSubHost.StartAsync();
        await Fuzz.CheckAsync(Gen.Zip(Gen.OneOf(GeneratedJson.Bodies(), GeneratedJson.Events), Gen.Elements(ContentTypes)), async input =>
        {
            using var response = await host.PublishAsync("pubsub/orders", input.Item1, input.Item2);

            Assert.True((int)response.StatusCode is 204 || await CodeOfAsync(response) == "ERR_PUBSUB_CLOUD_EVENTS_SER");
        }, Messages);

        Assert.All(host.Broker.Published, message => Assert.Equal("orders", JsonElement.Parse(message.Data.Span).GetProperty("topic").GetString()));
    }

    [Fact]
    [Contract(38)]
    public async Task Every_bulk_publish_is_answered()
    {
        await using var host = await PubSubHost.StartAsync();
        await Fuzz.CheckAsync(GeneratedJson.Bodies(GeneratedJson.EntriesOf(Gen.Elements("entryId", "event", "contentType", "metadata"))), async body =>
        {
            using var response = await host.PostAsync("v1.0/publish/bulk/pubsub/orders", body, "application/json");

            Assert.True((int)response.StatusCode is 204 || await CodeOfAsync(response) is "ERR_PUBSUB_EVENTS_SER" or "ERR_PUBSUB_CLOUD_EVENTS_SER");
        }, Messages);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [Contract(59)]
    public async Task Every_message_of_the_broker_has_an_outcome(bool isRaw, bool isBulk)
    {
        await using var host = await StartAsync(isBulk, isRaw ? new Dictionary<string, string> { ["rawPayload"] = "true" } : []);
        await Fuzz.CheckAsync(Gen.OneOf(GeneratedJson.Bodies(), GeneratedJson.Events), message => OutcomeAsync(host, message), Messages);

        await AssertServesAsync(host, isRaw, isBulk);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Contract(49)]
    public async Task Every_answer_of_the_app_is_an_outcome(bool isBulk)
    {
        await using var host = await StartAsync(isBulk, []);
        var bodies = isBulk ? GeneratedJson.Bodies(from list in GeneratedJson.EntriesOf(Gen.Elements("entryId", "status")) select $$"""{"statuses":{{list}}}""") : GeneratedJson.Bodies();
        await Fuzz.CheckAsync(Gen.Zip(bodies, Gen.Elements(200, 201, 204, 301, 400, 404, 500)), async input =>
        {
            host.App.Reply = async context =>
            {
                context.Response.StatusCode = input.Item2;
                if (input.Item2 != 204)
                    await context.Response.Body.WriteAsync(input.Item1);
            };
            await OutcomeAsync(host, """{"id":"1","type":"a"}"""u8.ToArray());
        }, Messages, parallel: 1);

        host.App.Reply = _ => Task.CompletedTask;
        await AssertServesAsync(host, isRaw: false, isBulk);
    }

    [Fact]
    public async Task Whatever_the_app_answers_to_the_question_for_its_subscriptions_the_declared_ones_run() =>
        await Fuzz.CheckAsync(GeneratedJson.Bodies(GeneratedJson.EntriesOf(Gen.Elements("pubsubname", "topic", "route", "routes", "metadata", "bulkSubscribe", "deadLetterTopic"))), async answer =>
        {
            await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = Encoding.UTF8.GetString(answer), Declared = [PubSubHost.Declare("declared", "/declared")] });

            Assert.Contains("declared", host.Broker.SubscribedTopics);
        }, cases: 60, parallel: 1);

    private static Task<PubSubHost> StartAsync(bool isBulk, Dictionary<string, string> metadata) => PubSubHost.StartAsync(new()
    {
        Declared =
        [
            PubSubHost.Declare("orders", "/other", new RouteRule("event.type == \"a\"", "/a"), new RouteRule("event.data.x > 1", "/x")) with
            {
                Metadata = metadata,
                BulkSubscribe = isBulk ? new BulkSubscribe(1, 1) : null,
            },
        ],
    });

    private static async Task OutcomeAsync(PubSubHost host, byte[] message)
    {
        var outcome = await host.Broker.DeliverAsync("orders", message).WithinAsync("an outcome");
        Assert.True(Enum.IsDefined(outcome));
    }

    private static async Task AssertServesAsync(PubSubHost host, bool isRaw, bool isBulk)
    {
        while (!host.App.IsIdle)
            await host.App.NextAsync();
        var outcome = host.Broker.DeliverAsync("orders", """{"id":"last","type":"a"}"""u8.ToArray());
        if (!isRaw)
            Assert.Equal("/a", (await host.App.NextAsync()).Path);

        // A raw payload has no data for the last rule to look at; a batch wants more of an answer than none.
        Assert.Equal(isRaw || isBulk ? Delivery.Nack : Delivery.Ack, await outcome.WithinAsync("the last outcome"));
    }

    private static async Task<string?> CodeOfAsync(HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync()).GetProperty("errorCode").GetString();
}
