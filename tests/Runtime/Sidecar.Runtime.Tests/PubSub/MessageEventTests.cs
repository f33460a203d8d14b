using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Telemetry;
using Sidecar.Runtime.Tests.Telemetry;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What becomes of messages is counted, and marked in the span of the message with its cause.</summary>
public sealed class MessageEventTests : IDisposable
{
    private readonly string _topic = $"t{Guid.NewGuid():N}";
    private readonly ActivitySource _source = new(SidecarSpans.SourceName);
    private readonly ActivityListener _listener;
    private readonly CountedMetrics _metrics;
    private readonly ConcurrentQueue<Activity> _spans = new();

    public MessageEventTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, _source),
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        _metrics = new CountedMetrics(labels => labels.GetValueOrDefault("topic") == _topic, "app_id", "component", "process_status", "status", "dead_letter_topic");
    }

    public void Dispose()
    {
        _listener.Dispose();
        _source.Dispose();
        _metrics.Dispose();
    }

    [Theory]
    [InlineData("SUCCESS", null, "success", null, Delivery.Ack)]
    [InlineData("DROP", null, "drop", "pubsub.dropped", Delivery.Ack)]
    [InlineData("RETRY", null, "retry", "pubsub.returned", Delivery.Nack)]
    [InlineData("DROP", "dead", "drop", "pubsub.dead_letter", Delivery.Ack)]
    [InlineData("RETRY", "dead", "retry", "pubsub.dead_letter", Delivery.Ack)]
    public async Task Every_end_of_a_message_is_counted_and_marked(string status, string? deadLetterTopic, string counted, string? mark, Delivery answer)
    {
        await using var host = await StartAsync(PubSubHost.Declare(_topic, "/orders") with { DeadLetterTopic = deadLetterTopic });
        host.App.ReplyWith(200, $$"""{"status":"{{status}}"}""");

        host.Broker.Deliver(_topic, Event("e1"));

        Assert.Equal(answer, await host.Broker.NextAnswerAsync());
        await Eventually.TrueAsync(() => !_spans.IsEmpty, "the span of the message");
        Assert.Equal(
            [$"dapr_component_pubsub_ingress_count 1 shop pubsub {counted} {counted}", .. deadLetterTopic is null ? Array.Empty<string>() : [$"sidecar_pubsub_dead_letter_count 1 shop pubsub {deadLetterTopic}"]],
            _metrics.All);
        var span = Assert.Single(_spans);
        Assert.Equal(($"pubsub/{_topic}", "0af7651916cd43dd8448eb211c80319c"), (span.DisplayName, span.TraceId.ToHexString()));
        Assert.Equal(mark, span.Events.Select(found => found.Name).SingleOrDefault());
        Assert.Equal(deadLetterTopic, span.Events.SelectMany(found => found.Tags).SingleOrDefault(tag => tag.Key == "dapr.pubsub.dead_letter_topic").Value);
        if (mark is not null)
            Assert.NotEqual("", span.Events.Single().Tags.Single(tag => tag.Key == "dapr.pubsub.cause").Value);
    }

    [Fact]
    public async Task A_message_that_has_expired_is_counted_and_marked_without_the_app()
    {
        await using var host = await StartAsync(PubSubHost.Declare(_topic, "/orders"));

        host.Broker.Deliver(_topic, Event("e1", ",\"expiration\":\"2001-01-01T00:00:00Z\""));

        Assert.Equal(Delivery.Ack, await host.Broker.NextAnswerAsync());
        await Eventually.TrueAsync(() => !_spans.IsEmpty, "the span of the message");
        Assert.Equal(["dapr_component_pubsub_ingress_count 1 shop pubsub drop drop"], _metrics.All);
        var span = Assert.Single(_spans);
        Assert.Equal(("0af7651916cd43dd8448eb211c80319c", "pubsub.dropped"), (span.TraceId.ToHexString(), span.Events.Single().Name));
        Assert.True(host.App.IsIdle);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Retries_of_one_message_are_marked_in_its_one_span(bool inBatches)
    {
        var clock = new FakeClock();
        await using var host = await PubSubHost.StartAsync(new()
        {
            Declared = [PubSubHost.Declare(_topic, "/orders") with { BulkSubscribe = inBatches ? new BulkSubscribe(1, 60_000) : null }],
            Resiliencies = [InboundRetryTests.Resiliency(InboundRetryTests.Constant(retries: 2))],
            Time = clock,
            Spans = _source,
        });
        host.App.ReplyWith(503);

        host.Broker.Deliver(_topic, Event("e1"));
        for (var retry = 0; retry < 2; retry++)
        {
            await host.App.NextAsync();
            await Eventually.TrueAsync(() => clock.ArmedTimers == 1, "the pause of the policy");
            clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(Delivery.Nack, await host.Broker.NextAnswerAsync());
        await Eventually.TrueAsync(() => !_spans.IsEmpty, "the span of the message");
        Assert.Equal(["resiliency.retry", "resiliency.retry", "pubsub.returned"], Assert.Single(_spans).Events.Select(found => found.Name));
    }

    private Task<PubSubHost> StartAsync(SubscriptionResource subscription) => PubSubHost.StartAsync(new() { Declared = [subscription], Spans = _source });

    private byte[] Event(string id, string more = "") => Encoding.UTF8.GetBytes(
        $$"""{"id":"{{id}}","specversion":"1.0","type":"t","source":"s","topic":"{{_topic}}","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","data":1{{more}}}""");
}
