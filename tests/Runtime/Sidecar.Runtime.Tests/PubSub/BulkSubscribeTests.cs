using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>Messages that go to the app in batches (contract section 2.7, "Bulk subscribe").</summary>
[Contract(61)]
public sealed class BulkSubscribeTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    public async Task A_full_batch_goes_to_the_app_at_once_in_the_envelope_of_the_contract()
    {
        await using var host = await StartAsync(Declare(count: 2));

        Deliver(host, "1", ("priority", "high"));
        Deliver(host, "2");

        var arrival = await host.App.NextAsync();
        var envelope = arrival.Json;
        Assert.Equal(("/orders", "application/json"), (arrival.Path, arrival.Headers.ContentType.ToString()));
        Assert.Equal("pubsub", arrival.Headers["pubsubname"]);
        Assert.True(Guid.TryParse(envelope.GetProperty("id").GetString(), out _));
        Assert.Equal(("com.dapr.event.sent.bulk", "orders", "pubsub"), (Text(envelope, "type"), Text(envelope, "topic"), Text(envelope, "pubsubname")));
        Assert.Equal(JsonValueKind.Object, envelope.GetProperty("metadata").ValueKind);
        var entries = envelope.GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(["1", "2"], IdsOf(envelope).Order());
        Assert.All(entries, entry => Assert.Equal("application/cloudevents+json", Text(entry, "contentType")));
        Assert.Equal(2, entries.Select(entry => Text(entry, "entryId")).Distinct().Count());
        Assert.Equal("high", Text(entries.Single(entry => Text(entry.GetProperty("event"), "id") == "1").GetProperty("metadata"), "priority"));
    }

    [Fact]
    public async Task A_batch_that_does_not_fill_goes_when_its_first_message_has_waited_long_enough()
    {
        await using var host = await StartAsync(Declare(count: 100, awaitMs: 500));
        AnswerEach(host, "SUCCESS");

        Deliver(host, "1");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the first message to wait");
        _clock.Advance(TimeSpan.FromMilliseconds(499));
        Assert.True(host.App.IsIdle);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(["1"], IdsOf((await host.App.NextAsync()).Json));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData("SUCCESS", Delivery.Ack)]
    [InlineData("RETRY", Delivery.Nack)]
    [InlineData("DROP", Delivery.Ack)]
    [InlineData("", Delivery.Nack)]
    [InlineData("success", Delivery.Nack)]
    public async Task Each_status_has_its_meaning(string status, Delivery answer)
    {
        await using var host = await StartAsync(Declare(count: 1));
        AnswerEach(host, status);

        Deliver(host, "1");

        Assert.Equal(answer, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task Each_message_is_settled_by_its_own_status_and_one_without_is_tried_again()
    {
        await using var host = await StartAsync(Declare(count: 3));
        host.App.Reply = context => AnswerAsync(context, host, (id, entry) => id switch
        {
            "good" => $$"""{"entryId":"{{entry}}","status":"SUCCESS"}""",
            "bad" => $$"""{"entryId":"{{entry}}","status":"RETRY"}""",
            _ => """{"entryId":"nobody","status":"SUCCESS"}""",
        });
        List<Task<Delivery>> answers = [host.Broker.DeliverAsync("orders", Event("good")), host.Broker.DeliverAsync("orders", Event("bad")), host.Broker.DeliverAsync("orders", Event("silent"))];

        Assert.Equal([Delivery.Ack, Delivery.Nack, Delivery.Nack], await Task.WhenAll(answers).WithinAsync("all three answers"));
    }

    [Theory]
    [InlineData(200, "", Delivery.Nack)]
    [InlineData(200, "not json", Delivery.Nack)]
    [InlineData(200, "[]", Delivery.Nack)]
    [InlineData(200, "{}", Delivery.Nack)]
    [InlineData(200, "null", Delivery.Nack)]
    [InlineData(200, """{"statuses":{}}""", Delivery.Nack)]
    [InlineData(200, """{"statuses":[{"entryId":1}]}""", Delivery.Nack)]
    [InlineData(200, """{"statuses":null}""", Delivery.Nack)]
    [InlineData(404, "", Delivery.Ack)]
    [InlineData(500, "", Delivery.Nack)]
    [InlineData(302, "", Delivery.Nack)]
    public async Task Any_other_answer_counts_for_the_whole_batch(int status, string body, Delivery answer)
    {
        await using var host = await StartAsync(Declare(count: 2));
        host.App.ReplyWith(status, body);

        Deliver(host, "1");
        Deliver(host, "2");

        Assert.Equal((answer, answer), (await host.Broker.NextAnswerAsync(), await host.Broker.NextAnswerAsync()));
    }

    [Fact]
    public async Task An_app_that_breaks_the_connection_leaves_the_batch_to_the_broker()
    {
        await using var host = await StartAsync(Declare(count: 1));
        host.App.Reply = context =>
        {
            context.Abort();
            return Task.CompletedTask;
        };

        Deliver(host, "1");

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
    }

    [Fact]
    [Contract(53)]
    public async Task Messages_of_different_routes_go_in_calls_of_their_own()
    {
        await using var host = await StartAsync(Declare(count: 4) with { Rules = [new RouteRule("event.type == \"a\"", "/a")] });

        foreach (var (id, type) in new[] { ("1", "a"), ("2", "b"), ("3", "a"), ("4", "b") })
            Deliver(host, id, type);

        var calls = new Dictionary<string, List<string>>();
        for (var number = 0; number < 2; number++)
        {
            var arrival = await host.App.NextAsync();
            calls[arrival.Path] = [.. IdsOf(arrival.Json).Order()];
        }

        Assert.Equal(["1", "3"], calls["/a"]);
        Assert.Equal(["2", "4"], calls["/orders"]);
    }

    [Fact]
    [Contract(57)]
    public async Task Raw_payloads_are_base64()
    {
        await using var host = await StartAsync(Declare(count: 1) with { Metadata = new Dictionary<string, string> { ["rawPayload"] = "true" } });
        AnswerEach(host, "SUCCESS", raw: true);

        host.Broker.Deliver("orders", new byte[] { 0, 255 });

        var entry = (await host.App.NextAsync()).Json.GetProperty("entries")[0];
        Assert.Equal(("AP8=", "application/octet-stream"), (Text(entry, "event"), Text(entry, "contentType")));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
    }

    [Theory]
    [InlineData("RETRY")]
    [InlineData("DROP")]
    [Contract(48, 51)]
    public async Task Only_what_fails_goes_to_the_dead_letter_topic(string status)
    {
        await using var host = await StartAsync(Declare(count: 2) with { DeadLetterTopic = "dead" });
        host.App.Reply = context => AnswerAsync(context, host, (id, entry) => $$"""{"entryId":"{{entry}}","status":"{{(id == "bad" ? status : "SUCCESS")}}"}""");

        Deliver(host, "good");
        Deliver(host, "bad");

        Assert.Equal((Delivery.Ack, Delivery.Ack), (await host.Broker.NextAnswerAsync(), await host.Broker.NextAnswerAsync()));
        var letter = Assert.Single(host.Broker.Published);
        Assert.Equal(("dead", "bad"), (letter.Topic, Text(JsonElement.Parse(letter.Data.Span), "id")));
    }

    [Fact]
    [Contract(42, 59)]
    public async Task What_is_expired_or_no_event_does_not_reach_the_app_and_spoils_no_batch()
    {
        await using var host = await StartAsync(Declare(count: 2) with { DeadLetterTopic = "dead" });
        AnswerEach(host, "SUCCESS");

        host.Broker.Deliver("orders", """{"id":"old","expiration":"2025-12-31T23:59:59Z"}"""u8.ToArray());
        host.Broker.Deliver("orders", "no event"u8.ToArray());
        Deliver(host, "good");
        Deliver(host, "better");

        Assert.Equal(["better", "good"], IdsOf((await host.App.NextAsync()).Json).Order());
        for (var number = 0; number < 4; number++)
            Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Equal(2, host.Broker.Published.Count(message => message.Topic == "dead"));
    }

    [Fact]
    public async Task Bare_data_in_binary_mode_is_no_event_in_a_batch()
    {
        await using var host = await StartAsync(Declare(count: 1));

        host.Broker.Deliver("orders", new byte[] { 1 }, ("content-type", "application/octet-stream"), ("ce_id", "1"));

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task Batches_go_one_after_the_other()
    {
        var release = new TaskCompletionSource();
        await using var host = await StartAsync(Declare(count: 1));
        host.App.Reply = async context =>
        {
            await release.Task;
            await AnswerAsync(context, host, (_, entry) => $$"""{"entryId":"{{entry}}","status":"SUCCESS"}""");
        };

        var first = host.Broker.DeliverAsync("orders", Event("1"));
        await host.App.NextAsync();
        var second = host.Broker.DeliverAsync("orders", Event("2"));
        Assert.True(host.App.IsIdle);
        release.SetResult();

        Assert.Equal(Delivery.Ack, await first.WithinAsync("the first answer"));
        Assert.Equal("2", IdsOf((await host.App.NextAsync()).Json).Single());
        Assert.Equal(Delivery.Ack, await second.WithinAsync("the second answer"));
    }

    [Fact]
    public async Task A_message_is_acknowledged_only_after_the_apps_verdict()
    {
        var release = new TaskCompletionSource();
        await using var host = await StartAsync(Declare(count: 1));
        host.App.Reply = async context =>
        {
            await release.Task;
            await AnswerAsync(context, host, (_, entry) => $$"""{"entryId":"{{entry}}","status":"SUCCESS"}""");
        };

        var answer = host.Broker.DeliverAsync("orders", Event("1"));
        await host.App.NextAsync();
        Assert.False(answer.IsCompleted);
        release.SetResult();

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
    }

    [Fact]
    public async Task A_stop_sends_off_a_batch_that_waits_for_company()
    {
        await using var host = await StartAsync(Declare(count: 100, awaitMs: 60_000), new TestBroker { CancelsAtTheEnd = false });
        AnswerEach(host, "SUCCESS");
        var answer = host.Broker.DeliverAsync("orders", Event("1"));
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the message to wait");

        await host.Feature.OnStoppingAsync(CancellationToken.None).WithinAsync("the stop");

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
    }

    [Fact]
    public async Task A_message_whose_time_is_over_goes_back_without_a_dead_letter()
    {
        await using var host = await StartAsync(Declare(count: 100) with { DeadLetterTopic = "dead" });
        AnswerEach(host, "SUCCESS");
        using var timeIsOver = new CancellationTokenSource();
        var answer = host.Broker.DeliverAsync("orders", Event("1"), timeIsOver.Token);
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the message to wait");

        await timeIsOver.CancelAsync();
        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
        _clock.Advance(TimeSpan.FromSeconds(1));

        Deliver(host, "2");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the next message to wait");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["2"], IdsOf((await host.App.NextAsync()).Json));
        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        Assert.Empty(host.Broker.Published);
    }

    [Theory]
    [InlineData("""{"enabled":true}""", 100, 1000)]
    [InlineData("""{"enabled":true,"maxMessagesCount":0,"maxAwaitDurationMs":-5}""", 100, 1000)]
    [InlineData("""{"enabled":true,"maxMessagesCount":7,"maxAwaitDurationMs":20}""", 7, 20)]
    public async Task The_app_may_say_how_many_and_how_long(string bulk, int count, int awaitMs)
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = _clock,
            AppSubscriptions = $$"""[{"pubsubname":"pubsub","topic":"orders","route":"orders","bulkSubscribe":{{bulk}}}]""",
        });
        Assert.Equal(count, Assert.Single(host.Broker.Subscribed).BatchSize);

        Deliver(host, "1");
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the message to wait");
        _clock.Advance(TimeSpan.FromMilliseconds(awaitMs - 1));
        Assert.Equal(1, _clock.ArmedTimers);
        _clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Single((await host.App.NextAsync()).Json.GetProperty("entries").EnumerateArray());
    }

    [Theory]
    [InlineData("""{"enabled":false,"maxMessagesCount":7}""")]
    [InlineData("null")]
    public async Task Without_enabled_messages_come_one_by_one(string bulk)
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            AppSubscriptions = $$"""[{"pubsubname":"pubsub","topic":"orders","route":"orders","bulkSubscribe":{{bulk}}}]""",
        });

        Deliver(host, "1");

        Assert.Equal("1", Text((await host.App.NextAsync()).Json, "id"));
    }

    private Task<PubSubHost> StartAsync(SubscriptionResource declared, TestBroker? broker = null) =>
        PubSubHost.StartAsync(new() { Time = _clock, Broker = broker ?? new(), Declared = [declared] });

    private static SubscriptionResource Declare(int count, int awaitMs = 1000) =>
        PubSubHost.Declare("orders", "/orders") with { BulkSubscribe = new BulkSubscribe(count, awaitMs) };

    private static byte[] Event(string id, string type = "t") => Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","type":"{{type}}"}""");

    private static void Deliver(PubSubHost host, string id, string type = "t") => host.Broker.Deliver("orders", Event(id, type));

    private static void Deliver(PubSubHost host, string id, (string, string) metadata) => host.Broker.Deliver("orders", Event(id), metadata);

    private static void AnswerEach(PubSubHost host, string status, bool raw = false) =>
        host.App.Reply = context => AnswerAsync(context, host, (_, entry) => $$"""{"entryId":"{{entry}}","status":"{{status}}"}""", raw);

    internal static async Task AnswerAsync(HttpContext context, PubSubHost host, Func<string, string, string> status, bool raw = false)
    {
        var entries = host.App.Handling(context).Json.GetProperty("entries").EnumerateArray();
        var statuses = entries.Select(entry => status(raw ? "" : Text(entry.GetProperty("event"), "id"), Text(entry, "entryId")));
        await context.Response.WriteAsync($$"""{"statuses":[{{string.Join(',', statuses)}}]}""");
    }

    internal static List<string> IdsOf(JsonElement envelope) => [.. envelope.GetProperty("entries").EnumerateArray().Select(entry => Text(entry.GetProperty("event"), "id"))];

    private static string Text(JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
