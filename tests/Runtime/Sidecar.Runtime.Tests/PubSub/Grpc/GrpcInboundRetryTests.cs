using Sidecar.Components.PubSub;
using Sidecar.Grpc;
using Sidecar.Protos;
using TestSupport;
using Status = Sidecar.Protos.TopicEventResponse.Types.TopicEventResponseStatus;

namespace Sidecar.Runtime.Tests.PubSub.Grpc;

/// <summary>The inbound retry policy of a file, for whoever takes events over gRPC (contract 4.4 and 5.3).</summary>
public sealed class GrpcInboundRetryTests
{
    private readonly FakeClock _clock = new();

    [Fact]
    [Contract(52)]
    public async Task Contract_052_an_app_is_called_five_times_then_the_event_is_a_dead_letter()
    {
        await using var app = await GrpcAppTests.SubscribedAsync("lost");
        app.Answering(Status.Retry);
        await using var host = await StartAsync(app, "maxRetries: 4");
        var before = _clock.ArmedTimers;

        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Assert.Equal("a", (await app.NextAsync()).Event.Id);
            if (attempt < 5)
                await PassAsync(before);
        }

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Equal("lost", Assert.Single(host.Broker.Published).Topic);
    }

    [Theory]
    [InlineData(StatusCode.Unavailable, 2)]
    [InlineData(StatusCode.Internal, 1)]
    [InlineData(StatusCode.Unimplemented, 1)]
    public async Task Only_the_codes_that_the_policy_lists_are_tried_again(StatusCode code, int attempts)
    {
        await using var app = await GrpcAppTests.SubscribedAsync("lost");
        app.OnTopicEvent = _ => throw new GrpcException(code, "not now");
        await using var host = await StartAsync(app, "maxRetries: 1, matching: { gRPCStatusCodes: '14', httpStatusCodes: '100' }");
        var before = _clock.ArmedTimers;

        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        if (attempts > 1)
            await PassAsync(before);

        await answer.WithinAsync("the answer");
        Assert.Equal(attempts, app.Calls.Count(call => call == "OnTopicEvent"));
    }

    [Fact]
    public async Task An_attempt_that_takes_too_long_is_tried_again_whatever_codes_are_listed()
    {
        await using var app = await GrpcAppTests.SubscribedAsync("lost");
        var late = new TaskCompletionSource<TopicEventResponse>();
        app.OnTopicEvent = _ => late.Task;
        await using var host = await StartAsync(app, "maxRetries: 1, matching: { gRPCStatusCodes: '14', httpStatusCodes: '100' }", "timeout: fast, ");
        var before = _clock.ArmedTimers;

        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        await app.NextAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PausedAsync(host, before);
        app.Answering(Status.Success);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
        late.SetResult(new TopicEventResponse());
    }

    [Fact]
    public async Task A_batch_that_takes_too_long_is_tried_again_whatever_codes_are_listed()
    {
        await using var app = await GrpcAppBatchTests.BatchesAsync(count: 1, deadLetterTopic: "lost");
        using var late = new ManualResetEventSlim();
        app.OnBulkTopicEvent = _ => late.Wait(Eventually.Patience) ? new TopicEventBulkResponse() : throw new TimeoutException();
        await using var host = await StartAsync(app, "maxRetries: 1, matching: { gRPCStatusCodes: '14', httpStatusCodes: '100' }", "timeout: fast, ");
        var before = _clock.ArmedTimers;

        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        await app.NextBatchAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await PausedAsync(host, before);
        app.OnBulkTopicEvent = GrpcAppBatchTests.Success;
        late.Set();
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    [Contract(68)]
    public async Task Contract_068_a_stream_gets_the_same_event_again_and_the_broker_hears_only_of_the_end()
    {
        await using var host = await GrpcPubSub.StartAsync(change: options => options with { Time = _clock }, resources: folder => folder.Write("components/resiliency.yaml", Resiliency("maxRetries: -1")));
        await using var stream = await host.OpenAsync("orders");
        var before = _clock.ArmedTimers;

        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        for (var attempt = 0; attempt < 3; attempt++)
        {
            await stream.AnswerAsync((await stream.NextAsync()).Id, Status.Retry);
            await PassAsync(before);
        }

        Assert.False(answer.IsCompleted);
        await stream.AnswerAsync((await stream.NextAsync()).Id);
        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
    }

    [Fact]
    public async Task A_stream_that_ends_gives_back_what_waits_for_its_next_attempt()
    {
        await using var host = await GrpcPubSub.StartAsync(
            new TestBroker { CancelsAtTheEnd = false }, options => options with { Time = _clock }, folder => folder.Write("components/resiliency.yaml", Resiliency("maxRetries: -1")));
        var stream = await host.OpenAsync("orders", deadLetterTopic: "lost");
        var before = _clock.ArmedTimers;
        var answer = host.Broker.DeliverAsync("orders", GrpcPubSub.Event("a"));
        await stream.AnswerAsync((await stream.NextAsync()).Id, Status.Retry);
        await Eventually.TrueAsync(() => _clock.ArmedTimers > before, "the event to wait for its next attempt");

        await stream.DisposeAsync();

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
    }

    private async Task PausedAsync(GrpcPubSub host, int before)
    {
        await host.Sidecar.LineAsync("tried again in 2 s");
        await Eventually.TrueAsync(() => _clock.ArmedTimers > before, "the event to wait for its next attempt");
    }

    private async Task PassAsync(int before)
    {
        await Eventually.TrueAsync(() => _clock.ArmedTimers > before, "the event to wait for its next attempt");
        _clock.Advance(TimeSpan.FromSeconds(2));
    }

    private Task<GrpcPubSub> StartAsync(GrpcEventApp app, string policy, string more = "") =>
        GrpcPubSub.StartAsync(app, change: options => options with { Time = _clock }, resources: folder => folder.Write("components/resiliency.yaml", Resiliency(policy, more)));

    private static string Resiliency(string policy, string more = "") => $$"""
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: shop }
        spec:
          policies: { timeouts: { fast: 1s }, retries: { again: { duration: 2s, {{policy}} } } }
          targets: { components: { pubsub: { inbound: { {{more}}retry: again } } } }
        """;
}
