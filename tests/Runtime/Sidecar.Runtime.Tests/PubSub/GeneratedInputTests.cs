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
    private static readonly string[] Names =
    [
        "id", "type", "data", "traceparent", "traceid", "expiration", "topic", "entryId", "event", "contentType", "metadata", "statuses", "status",
        "pubsubname", "route", "routes", "rules", "match", "path", "default", "deadLetterTopic", "bulkSubscribe", "enabled", "maxMessagesCount", "\\ud800", "é",
    ];

    private static readonly string[] Leaves =
    [
        "null", "true", "1", "-2.5e300", "12345678901234567890", "\"\"", "\"a\"", "\"\\ud800\"", "\"\\u0000\"", "\"pubsub\"", "\"orders\"", "\"SUCCESS\"", "\"RETRY\"", "\"DROP\"",
        "\"text/plain\"", "\"application/json\"", "\"application/octet-stream\"", "\"application/cloudevents+json\"", "\"event.type == \\\"a\\\"\"", "\"2020-01-01T00:00:00Z\"", "{}", "[]",
    ];

    private static readonly string?[] ContentTypes =
        [null, "text/plain", "application/json", "application/cloudevents+json", "application/octet-stream", "application/x-protobuf", "image/png"];

    [Fact]
    [Contract(32)]
    public async Task Every_publish_is_answered_and_what_it_publishes_is_an_event()
    {
        await using var host = await PubSubHost.StartAsync();
        foreach (var (body, contentType) in Bodies().Zip(Gen.Elements(ContentTypes), (body, type) => (body, type)).Sample(400))
        {
            using var response = await host.PublishAsync("pubsub/orders", body, contentType);

            Assert.True((int)response.StatusCode is 204 || await CodeOfAsync(response) == "ERR_PUBSUB_CLOUD_EVENTS_SER", $"{contentType}: {Printed(body)}");
        }

        Assert.All(host.Broker.Published, message => Assert.Equal("orders", JsonElement.Parse(message.Data.Span).GetProperty("topic").GetString()));
    }

    [Fact]
    [Contract(38)]
    public async Task Every_bulk_publish_is_answered()
    {
        await using var host = await PubSubHost.StartAsync();
        foreach (var body in Bodies(EntriesOf(Gen.Elements("entryId", "event", "contentType", "metadata"))).Sample(400))
        {
            using var response = await host.PostAsync("v1.0/publish/bulk/pubsub/orders", body, "application/json");

            Assert.True((int)response.StatusCode is 204 || await CodeOfAsync(response) is "ERR_PUBSUB_EVENTS_SER" or "ERR_PUBSUB_CLOUD_EVENTS_SER", Printed(body));
        }
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
        foreach (var message in Bodies().Sample(300))
            await OutcomeAsync(host, message);

        await AssertServesAsync(host, isRaw, isBulk);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Contract(49)]
    public async Task Every_answer_of_the_app_is_an_outcome(bool isBulk)
    {
        await using var host = await StartAsync(isBulk, []);
        var bodies = isBulk ? Bodies(from list in EntriesOf(Gen.Elements("entryId", "status")) select $$"""{"statuses":{{list}}}""") : Bodies();
        foreach (var (reply, status) in bodies.Zip(Gen.Elements(200, 201, 204, 301, 400, 404, 500), (body, status) => (body, status)).Sample(300))
        {
            host.App.Reply = async context =>
            {
                context.Response.StatusCode = status;
                if (status != 204)
                    await context.Response.Body.WriteAsync(reply);
            };
            await OutcomeAsync(host, """{"id":"1","type":"a"}"""u8.ToArray());
        }

        host.App.Reply = _ => Task.CompletedTask;
        await AssertServesAsync(host, isRaw: false, isBulk);
    }

    [Fact]
    public async Task Whatever_the_app_answers_to_the_question_for_its_subscriptions_the_declared_ones_run()
    {
        foreach (var answer in Bodies(EntriesOf(Gen.Elements("pubsubname", "topic", "route", "routes", "metadata", "bulkSubscribe", "deadLetterTopic"))).Sample(60))
        {
            await using var host = await PubSubHost.StartAsync(new() { AppSubscriptions = Encoding.UTF8.GetString(answer), Declared = [PubSubHost.Declare("declared", "/declared")] });

            Assert.Contains("declared", host.Broker.SubscribedTopics);
        }
    }

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
        var outcome = await host.Broker.DeliverAsync("orders", message).WithinAsync($"the outcome of {Printed(message)}");
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

    private static string Printed(byte[] body) => $"{Encoding.UTF8.GetString(body)} = {Convert.ToBase64String(body)}";

    /// <summary>JSON of any shape, such with a wound, and bytes that never were JSON.</summary>
    private static Gen<byte[]> Bodies(Gen<string>? json = null)
    {
        var whole = (json ?? Json(3)).Select(Encoding.UTF8.GetBytes);
        var wounded = from body in whole
                      from at in Gen.Choose(0, Math.Max(0, body.Length - 1))
                      from value in Gen.Choose(0, 255)
                      select (byte[])[.. body[..at], (byte)value, .. body[Math.Min(body.Length, at + 1)..]];
        var cut = from body in whole from length in Gen.Choose(0, body.Length) select body[..length];
        return Gen.Frequency((5, whole), (2, wounded), (1, cut), (1, Json(2).Select(Encoding.UTF8.GetBytes)), (1, Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf()));
    }

    private static Gen<string> EntriesOf(Gen<string> names) => Member(names, Json(1)).ArrayOf().Select(Object).ArrayOf().Select(List);

    private static Gen<string> Json(int depth)
    {
        if (depth == 0)
            return Gen.Elements(Leaves);
        var inner = Json(depth - 1);
        return Gen.OneOf(Gen.Elements(Leaves), inner.ArrayOf().Select(List), Member(Gen.Elements(Names), inner).ArrayOf().Select(Object));
    }

    private static Gen<string> Member(Gen<string> names, Gen<string> values) => from name in names from value in values select $"\"{name}\":{value}";

    private static string List(string[] items) => $"[{string.Join(',', items)}]";

    private static string Object(string[] members) => $"{{{string.Join(',', members)}}}";
}
