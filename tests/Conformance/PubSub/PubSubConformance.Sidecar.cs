using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Sidecar.Testing;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.PubSub;

// What an app sees of the broker: through a sidecar, by Dapr's API.
public abstract partial class PubSubConformance
{
    private const string Worker = "worker";

    [Fact]
    [Contract(51, 52)]
    public async Task A_message_that_keeps_failing_is_tried_as_its_policy_says_and_is_then_a_dead_letter()
    {
        var tries = 0;
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: 2, app =>
        {
            app.MapPost("/work", () =>
            {
                Interlocked.Increment(ref tries);
                return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
            });
            app.MapPost("/lost", letters.TakeAsync);
        });
        await PublishAsync(dapr, "work", "tea");

        var letter = await letters.NextAsync("the dead letter");
        Assert.Equal((3, "tea", Topic("work")), (tries, (string?)letter["data"], (string?)letter["topic"]));
    }

    [Fact]
    [Contract(47)]
    public async Task RETRY_brings_the_same_event_again_until_the_app_takes_it()
    {
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: -1, app => app.MapPost("/work", async (HttpContext context) =>
        {
            await letters.TakeAsync(context);
            return Results.Json(new { status = letters.Count < 3 ? "RETRY" : "SUCCESS" });
        }));
        await PublishAsync(dapr, "work", "tea");

        var ids = new[] { await letters.NextAsync("the first"), await letters.NextAsync("the second"), await letters.NextAsync("the third") }.Select(letter => (string?)letter["id"]);
        Assert.Single(ids.Distinct());
        await PublishAsync(dapr, "work", "more");
        Assert.Equal("more", (string?)(await letters.NextAsync("the next event"))["data"]);
    }

    [Fact]
    [Contract(48)]
    public async Task DROP_is_a_dead_letter_at_once()
    {
        var tries = 0;
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: -1, app =>
        {
            app.MapPost("/work", () => Results.Json(new { status = "DROP", count = Interlocked.Increment(ref tries) }));
            app.MapPost("/lost", letters.TakeAsync);
        });
        await PublishAsync(dapr, "work", "tea");

        Assert.Equal(("tea", 1), ((string?)(await letters.NextAsync("the dead letter"))["data"], tries));
    }

    [Fact]
    [Contract(31)]
    public async Task An_event_comes_with_the_attributes_of_its_publisher()
    {
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: 0, app => app.MapPost("/work", letters.TakeAsync));
        await PublishAsync(dapr, "work", """{"sku":"tea"}""", "application/json", "metadata.cloudevent.type=order.submitted&metadata.cloudevent.id=4711");

        var letter = await letters.NextAsync("the event");
        Assert.Equal(("1.0", "4711", "order.submitted"), ((string?)letter["specversion"], (string?)letter["id"], (string?)letter["type"]));
        Assert.Equal((_prefix + Worker, "pubsub", Topic("work")), ((string?)letter["source"], (string?)letter["pubsubname"], (string?)letter["topic"]));
        Assert.Equal("tea", (string?)letter["data"]!["sku"]);
    }

    [Fact]
    [Contract(58)]
    public async Task Raw_bytes_come_as_they_were_published()
    {
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: 0, app => app.MapPost("/work", letters.TakeAsync), raw: true);
        await PublishAsync(dapr, "work", "not json", "text/plain", "metadata.rawPayload=true");

        Assert.Equal("not json", Encoding.UTF8.GetString(Convert.FromBase64String((string)(await letters.NextAsync("the raw event"))["data_base64"]!)));
    }

    [Fact]
    [Contract(38, 39)]
    public async Task A_bulk_publish_arrives_whole()
    {
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: 0, app => app.MapPost("/work", letters.TakeAsync));
        var entries = new JsonArray([.. Enumerable.Range(0, 20).Select(number => new JsonObject { ["entryId"] = $"{number}", ["event"] = number, ["contentType"] = "application/json" })]);
        using var content = new StringContent(entries.ToJsonString(), Encoding.UTF8, "application/json");
        using var answer = await dapr[_prefix + Worker].Sidecar.PostAsync($"/v1.0/publish/bulk/pubsub/{Uri.EscapeDataString(Topic("work"))}", content);
        Assert.Equal(StatusCodes.Status204NoContent, (int)answer.StatusCode);

        List<int> arrived = [];
        while (arrived.Count < 20)
            arrived.Add((int)(await letters.NextAsync($"event {arrived.Count + 1} of 20"))["data"]!);
        Assert.Equal(Enumerable.Range(0, 20), arrived.Order());
    }

    [Fact]
    public async Task An_outbox_event_whose_transaction_never_came_holds_up_no_other()
    {
        Assert.SkipUnless(target.IsDurable, "keeps nothing that a kill could leave behind");
        var letters = new Letters();
        await using var dapr = await StartAsync(maxRetries: 0, app => app.MapPost("/work", letters.TakeAsync), host => host
            .Component("store", "state.in-memory", ("outboxPublishPubsub", "pubsub"), ("outboxPublishTopic", Topic("work"))));
        var name = $"{_prefix}{Worker}{Topic("work")}outbox";

        // What a kill leaves behind between an event and its transaction; so many that each partition has some.
        for (var number = 0; number < 40; number++)
            await PublishToAsync(dapr, name, $$"""{"specversion":"1.0","id":"outbox-lost-{{number}}","source":"a","type":"b","data":0}""", "application/cloudevents+json");
        for (var number = 0; number < 10; number++)
        {
            using var content = new StringContent($$$"""{"operations":[{"operation":"upsert","request":{"key":"k{{{number}}}","value":{{{number}}}}}]}""", Encoding.UTF8, "application/json");
            using var answer = await dapr[_prefix + Worker].Sidecar.PostAsync("/v1.0/state/store/transaction", content);
            Assert.Equal(StatusCodes.Status204NoContent, (int)answer.StatusCode);
        }

        List<string> arrived = [];
        while (arrived.Count < 10)
            arrived.Add((string)(await letters.NextAsync($"event {arrived.Count + 1} of 10"))["data"]!);
        Assert.Equal(Enumerable.Range(0, 10).Select(number => $"{number}"), arrived.Order());
    }

    [Fact]
    public async Task What_a_sidecar_had_in_hand_when_it_crashed_comes_again_to_the_next_one()
    {
        Assert.SkipUnless(target.IsDurable && target.GivesBack, "keeps nothing");
        var (letters, hangs) = (new Letters(), true);
        await using var dapr = await StartAsync(maxRetries: -1, app => app.MapPost("/work", async (HttpContext context) =>
        {
            await letters.TakeAsync(context);
            if (Volatile.Read(ref hangs))
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }), isImpatient: true);
        await PublishAsync(dapr, "work", "tea");
        await letters.NextAsync("the event in the hands of the first");
        await dapr[_prefix + Worker].CrashSidecarAsync();
        Volatile.Write(ref hangs, false);
        await dapr[_prefix + Worker].StartSidecarAsync();

        Assert.Equal("tea", (string?)(await letters.NextAsync("the event in the hands of the second"))["data"]);
    }

    private async Task<DaprTestHost> StartAsync(int maxRetries, Action<WebApplication> map, Func<DaprTestHostBuilder, DaprTestHostBuilder>? more = null, bool raw = false, bool isImpatient = false)
    {
        foreach (var topic in (string[])["work", "lost"])
            await PrepareAsync(topic);
        var metadata = target.Metadata(_host.Folder);
        if (target.Server is { } kind)
            metadata = metadata.Concat(await ServerAsync(kind, isImpatient)).GroupBy(field => field.Key).ToDictionary(field => field.Key, field => field.Last().Value);
        return await DaprTestHost.StartAsync(host => (more?.Invoke(host) ?? host)
            .Component("pubsub", target.Type, [.. metadata.Select(field => (field.Key, field.Value))])
            .App(_prefix + Worker, map)
            .Yaml($$"""
                apiVersion: dapr.io/v2alpha1
                kind: Subscription
                metadata: { name: work }
                spec: { pubsubname: pubsub, topic: "{{Topic("work")}}", routes: { default: /work }, deadLetterTopic: "{{Topic("lost")}}", metadata: { rawPayload: "{{(raw ? "true" : "false")}}" } }
                ---
                apiVersion: dapr.io/v2alpha1
                kind: Subscription
                metadata: { name: lost }
                spec: { pubsubname: pubsub, topic: "{{Topic("lost")}}", routes: { default: /lost } }
                """)
            .Yaml($$"""
                apiVersion: dapr.io/v1alpha1
                kind: Resiliency
                metadata: { name: again }
                spec: { policies: { retries: { again: { policy: constant, duration: 10ms, maxRetries: {{maxRetries}} } } }, targets: { components: { pubsub: { inbound: { retry: again } } } } }
                """));
    }

    private async Task<Dictionary<string, string>> ServerAsync(BrokerKind kind, bool isImpatient)
    {
        var server = (await BrokerServer.SharedAsync(kind)).Metadata;
        return isImpatient ? target.Impatient(server) : server;
    }

    private Task PublishAsync(DaprTestHost dapr, string topic, string body, string contentType = "text/plain", string query = "") =>
        PublishToAsync(dapr, Topic(topic), body, contentType, query);

    private async Task PublishToAsync(DaprTestHost dapr, string topic, string body, string contentType, string query = "")
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var answer = await dapr[_prefix + Worker].Sidecar.PostAsync($"/v1.0/publish/pubsub/{Uri.EscapeDataString(topic)}?{query}", content);
        Assert.Equal(StatusCodes.Status204NoContent, (int)answer.StatusCode);
    }

    /// <summary>The events that an app got.</summary>
    private sealed class Letters
    {
        private readonly ConcurrentQueue<JsonNode> _waiting = new();
        private readonly SemaphoreSlim _arrived = new(0);
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public async Task TakeAsync(HttpContext context)
        {
            _waiting.Enqueue((await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!);
            Interlocked.Increment(ref _count);
            _arrived.Release();
        }

        public async Task<JsonNode> NextAsync(string what)
        {
            await _arrived.WaitAsync(CancellationToken.None).WithinAsync(what);
            return _waiting.TryDequeue(out var letter) ? letter : throw new InvalidOperationException("nothing arrived");
        }
    }
}
