using System.Text;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>What the inbound retry policy of a component makes of messages that the app does not take (contract 4.4 and 5.3).</summary>
public sealed class InboundRetryTests
{
    private static readonly byte[] OrderEvent = """{"id":"e1","specversion":"1.0","type":"order.made","source":"s","data":{"total":1.50}}"""u8.ToArray();

    private readonly FakeClock _clock = new();

    [Theory]
    [InlineData(null, Delivery.Nack)]
    [InlineData("dead", Delivery.Ack)]
    [Contract(52)]
    public async Task Contract_052_four_retries_are_five_attempts_then_dead_letter_or_nack(string? deadLetterTopic, Delivery expected)
    {
        await using var host = await StartAsync(Constant(retries: 4), deadLetterTopic);
        host.App.ReplyWith(503);

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await AttemptsAsync(host, 5, TimeSpan.FromSeconds(2));

        Assert.Equal(expected, await answer.WithinAsync("the answer"));
        Assert.True(host.App.IsIdle);
        Assert.Equal(deadLetterTopic is null ? 0 : 1, host.Broker.Published.Count);
    }

    [Theory]
    [InlineData(200, """{"status":"RETRY"}""")]
    [InlineData(200, """{"status":"foo"}""")]
    [InlineData(500, "")]
    [Contract(47, 49, 50)]
    public async Task Contract_047_a_failure_comes_again_with_the_same_id_until_it_is_taken(int status, string body)
    {
        await using var host = await StartAsync(Constant(retries: -1), deadLetterTopic: "dead");
        host.App.ReplyWith(status, body);

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await AttemptsAsync(host, 3, TimeSpan.FromSeconds(2));
        await ArmedAsync();
        host.App.ReplyWith(200);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal("e1", (await host.App.NextAsync()).Json.GetProperty("id").GetString());
        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_connection_that_fails_is_a_failure_like_others()
    {
        var attempts = 0;
        await using var host = await StartAsync(Constant(retries: 2) with { HttpStatusCodes = StatusCodeSet.Parse("500", 100, 599) });
        host.App.FailConnection = () => ++attempts < 3 ? new HttpRequestException("connection refused") : null;

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        for (var pause = 0; pause < 2; pause++)
        {
            await ArmedAsync();
            _clock.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        Assert.Equal(3, attempts);
    }

    [Fact]
    public async Task Before_its_time_nothing_is_tried_again()
    {
        await using var host = await StartAsync(Constant(retries: 1));
        host.App.ReplyWith(500);

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await host.App.NextAsync();
        await ArmedAsync();
        _clock.Advance(TimeSpan.FromSeconds(2) - TimeSpan.FromTicks(1));
        Assert.Equal(1, _clock.ArmedTimers);
        _clock.Advance(TimeSpan.FromTicks(1));

        await host.App.NextAsync();
        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
    }

    [Theory]
    [InlineData(404, "")]
    [InlineData(200, """{"status":"DROP"}""")]
    [InlineData(200, "")]
    public async Task What_the_app_drops_or_takes_is_not_tried_again(int status, string body)
    {
        await using var host = await StartAsync(Constant(retries: -1));
        host.App.ReplyWith(status, body);

        Assert.Equal(Delivery.Ack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer"));

        await host.App.NextAsync();
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task Only_the_codes_that_the_policy_lists_are_tried_again()
    {
        await using var host = await StartAsync(Constant(retries: 1) with { HttpStatusCodes = StatusCodeSet.Parse("429,500-502", 100, 599) });
        host.App.ReplyWith(503);
        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer to the code that is not listed"));
        await host.App.NextAsync();
        Assert.True(host.App.IsIdle);

        host.App.ReplyWith(502);
        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await AttemptsAsync(host, 2, TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer to the code that is"));
    }

    [Theory]
    [InlineData("no JSON", """event.type == "t" """)]
    [InlineData("""{"id":"1","type":"t"}""", "event.missing.field == 1")]
    public async Task What_cannot_go_to_the_app_is_not_tried_again(string message, string match)
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = _clock,
            Declared = [PubSubHost.Declare("orders", null, new RouteRule(match, "/orders"))],
            Resiliencies = [Resiliency(Constant(retries: -1))],
        });

        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", Encoding.UTF8.GetBytes(message)).WithinAsync("the answer"));
    }

    [Fact]
    public async Task When_the_brokers_time_for_the_message_is_over_it_goes_back_at_once_without_a_dead_letter()
    {
        await using var host = await StartAsync(Constant(retries: -1), deadLetterTopic: "dead");
        host.App.ReplyWith(500);
        using var timeIsOver = new CancellationTokenSource();

        var answer = host.Broker.DeliverAsync("orders", OrderEvent, timeIsOver.Token);
        await AttemptsAsync(host, 2, TimeSpan.FromSeconds(2));
        await ArmedAsync();
        await timeIsOver.CancelAsync();

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
        Assert.Equal(0, _clock.ArmedTimers);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_the_next_attempt_even_if_the_broker_would()
    {
        var broker = new TestBroker { CancelsAtTheEnd = false };
        await using var host = await StartAsync(Constant(retries: -1), deadLetterTopic: "dead", broker);
        host.App.ReplyWith(500);

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await host.App.NextAsync();
        await ArmedAsync();
        await host.Feature.OnStoppingAsync(CancellationToken.None).WithinAsync("the stop");

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task A_batch_that_an_open_breaker_keeps_back_is_not_tried_again()
    {
        await using var host = await StartAsync(new PolicyNames(null, "again", "quick"), inBatches: true);
        host.App.ReplyWith(500);
        var failing = host.Broker.DeliverAsync("orders", OrderEvent);
        await AttemptsAsync(host, 2, TimeSpan.FromSeconds(2));
        Assert.Equal(Delivery.Nack, await failing.WithinAsync("the answer to one that fails twice"));

        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer to one that is kept back"));
        Assert.True(host.App.IsIdle);
    }

    [Fact]
    public async Task Of_a_batch_only_that_goes_back_whose_time_is_over()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = _clock,
            Declared = [PubSubHost.Declare("orders", "/orders") with { BulkSubscribe = new BulkSubscribe(2, 60_000), DeadLetterTopic = "dead" }],
        });
        var answered = new TaskCompletionSource();
        host.App.Reply = async context =>
        {
            await answered.Task.WaitAsync(context.RequestAborted);
            await BulkSubscribeTests.AnswerAsync(context, host, (_, entry) => $$"""{"entryId":"{{entry}}","status":"SUCCESS"}""");
        };
        using var timeIsOver = new CancellationTokenSource();
        var late = host.Broker.DeliverAsync("orders", Event("late"), timeIsOver.Token);
        var other = host.Broker.DeliverAsync("orders", Event("other"));
        await host.App.NextAsync();

        await timeIsOver.CancelAsync();
        Assert.Equal(Delivery.Nack, await late.WithinAsync("the answer to the one whose time is over"));
        answered.SetResult();

        Assert.Equal(Delivery.Ack, await other.WithinAsync("the answer to the other"));
        Assert.Empty(host.Broker.Published);
    }

    [Fact]
    public async Task The_broker_hears_of_the_end_of_a_subscription_before_its_messages_come_back()
    {
        // A broker that did not know would take what comes back for a failure, and on some that is the end of the message.
        var waitingAtTheEnd = -1;
        await using var host = await StartAsync(Constant(retries: -1), broker: new TestBroker { Ending = () => waitingAtTheEnd = _clock.ArmedTimers });
        host.App.ReplyWith(500);
        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await host.App.NextAsync();
        await ArmedAsync();

        await host.Feature.OnStoppingAsync(CancellationToken.None).WithinAsync("the stop");

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
        Assert.Equal(1, waitingAtTheEnd);
    }

    [Fact]
    public async Task Messages_that_go_elsewhere_after_a_reload_end_with_their_subscription_too()
    {
        var broker = new TestBroker { CancelsAtTheEnd = false };
        await using var host = await StartAsync(Constant(retries: -1), broker: broker);
        host.App.ReplyWith(500);
        var answer = broker.DeliverAsync("orders", OrderEvent);
        await host.App.NextAsync();
        await ArmedAsync();

        await host.ReloadAsync(PubSubHost.Declare("orders", "/elsewhere"));
        _clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("/orders", (await host.App.NextAsync()).Path);
        await ArmedAsync();
        await host.Feature.OnStoppingAsync(CancellationToken.None).WithinAsync("the stop");

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer"));
    }

    [Fact]
    public async Task A_policy_that_a_reload_brings_applies_to_the_next_message()
    {
        await using var host = await PubSubHost.StartAsync(new() { Time = _clock, Declared = [PubSubHost.Declare("orders", "/orders")] });
        host.App.ReplyWith(500);
        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer without a policy"));
        await host.App.NextAsync();

        await host.ReloadAsync(Resiliency(Constant(retries: 1)));
        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await AttemptsAsync(host, 2, TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Nack, await answer.WithinAsync("the answer with one"));
    }

    [Fact]
    public async Task Of_a_batch_only_what_failed_comes_again_and_nobody_waits_for_it()
    {
        await using var host = await PubSubHost.StartAsync(new()
        {
            Time = _clock,
            Declared = [PubSubHost.Declare("orders", "/orders") with { BulkSubscribe = new BulkSubscribe(2, 60_000) }],
            Resiliencies = [Resiliency(Constant(retries: -1))],
        });
        host.App.Reply = context => BulkSubscribeTests.AnswerAsync(context, host, (id, entry) => $$"""{"entryId":"{{entry}}","status":"{{(id == "bad" ? "RETRY" : "SUCCESS")}}"}""");

        var bad = host.Broker.DeliverAsync("orders", Event("bad"));
        var good = host.Broker.DeliverAsync("orders", Event("good"));
        Assert.Equal(["bad", "good"], BulkSubscribeTests.IdsOf((await host.App.NextAsync()).Json).Order());
        Assert.Equal(Delivery.Ack, await good.WithinAsync("the answer to the good one"));

        // One timer for the pause; a second batch goes out meanwhile, and the third is joined by the one that failed.
        await Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the message to wait for its next attempt");
        Assert.Equal(Delivery.Ack, await DeliverTwoAsync(host, "c", "d"));
        Assert.Equal(["c", "d"], BulkSubscribeTests.IdsOf((await host.App.NextAsync()).Json).Order());
        _clock.Advance(TimeSpan.FromSeconds(2));
        var last = host.Broker.DeliverAsync("orders", Event("e"));

        Assert.Equal(["bad", "e"], BulkSubscribeTests.IdsOf((await host.App.NextAsync()).Json).Order());
        Assert.Equal(Delivery.Ack, await last.WithinAsync("the answer to the last"));
        Assert.False(bad.IsCompleted);
    }

    [Fact]
    public async Task What_the_sidecar_subscribes_to_for_itself_is_the_brokers_as_soon_as_it_is_given_back()
    {
        await using var host = await StartAsync(Constant(retries: -1));
        await using var own = await host.Topics.SubscribeAsync("pubsub", "outbox", 1, (_, _) => ValueTask.FromResult(Delivery.Nack), CancellationToken.None);

        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("outbox", OrderEvent).WithinAsync("the answer"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_attempt_that_takes_too_long_is_given_up_and_comes_again(bool inBatches)
    {
        await using var host = await StartAsync(new PolicyNames("fast", "again", null), inBatches);
        host.App.Reply = context => Task.Delay(Timeout.Infinite, context.RequestAborted);

        var answer = host.Broker.DeliverAsync("orders", OrderEvent);
        await host.App.NextAsync();
        await ArmedAsync();
        _clock.Advance(TimeSpan.FromSeconds(1));
        await ArmedAsync();
        Take(host, inBatches);
        _clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(Delivery.Ack, await answer.WithinAsync("the answer"));
        await host.App.NextAsync();
        Assert.True(host.App.IsIdle);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_open_breaker_gives_messages_back_without_asking_the_app_and_a_probe_closes_it(bool inBatches)
    {
        await using var host = await StartAsync(new PolicyNames(null, null, "quick"), inBatches);
        host.App.ReplyWith(500);
        for (var message = 0; message < 2; message++)
        {
            Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer to one that fails"));
            await host.App.NextAsync();
        }

        Assert.Equal(Delivery.Nack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer to one that is kept back"));
        Assert.True(host.App.IsIdle);
        Take(host, inBatches);
        _clock.Advance(TimeSpan.FromSeconds(31));

        Assert.Equal(Delivery.Ack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer to the probe"));
        Assert.Equal(Delivery.Ack, await host.Broker.DeliverAsync("orders", OrderEvent).WithinAsync("the answer after it"));
    }

    private static void Take(PubSubHost host, bool inBatches)
    {
        if (inBatches)
            host.App.Reply = context => BulkSubscribeTests.AnswerAsync(context, host, (_, entry) => $$"""{"entryId":"{{entry}}","status":"SUCCESS"}""");
        else
            host.App.ReplyWith(200);
    }

    private static async Task<Delivery> DeliverTwoAsync(PubSubHost host, string first, string second)
    {
        var answers = await Task.WhenAll(host.Broker.DeliverAsync("orders", Event(first)), host.Broker.DeliverAsync("orders", Event(second))).WithinAsync("the answers to the second batch");
        return answers.Distinct().Single();
    }

    private Task<PubSubHost> StartAsync(RetryPolicy policy, string? deadLetterTopic = null, TestBroker? broker = null) => PubSubHost.StartAsync(new()
    {
        Time = _clock,
        Broker = broker ?? new(),
        Declared = [PubSubHost.Declare("orders", "/orders") with { DeadLetterTopic = deadLetterTopic }],
        Resiliencies = [Resiliency(policy)],
    });

    private Task<PubSubHost> StartAsync(PolicyNames inbound, bool inBatches) => PubSubHost.StartAsync(new()
    {
        Time = _clock,
        Declared = [PubSubHost.Declare("orders", "/orders") with { BulkSubscribe = inBatches ? new BulkSubscribe(1, 60_000) : null }],
        Resiliencies =
        [
            Resiliency(Constant(retries: 1)) with
            {
                Timeouts = new Dictionary<string, TimeSpan> { ["fast"] = TimeSpan.FromSeconds(1) },
                CircuitBreakers = new Dictionary<string, CircuitBreakerPolicy> { ["quick"] = new() { Trip = "consecutiveFailures >= 2", Timeout = TimeSpan.FromSeconds(30) } },
                Components = new Dictionary<string, ComponentTarget> { ["pubsub"] = new(new PolicyNames(null, null, null), inbound) },
            },
        ],
    });

    /// <summary>So many attempts reach the app, each of them one pause after the other.</summary>
    private async Task AttemptsAsync(PubSubHost host, int attempts, TimeSpan pause)
    {
        await host.App.NextAsync();
        for (var attempt = 1; attempt < attempts; attempt++)
        {
            await ArmedAsync();
            _clock.Advance(pause);
            await host.App.NextAsync();
        }
    }

    private Task ArmedAsync() => Eventually.TrueAsync(() => _clock.ArmedTimers == 1, "the message to wait for its next attempt");

    private static byte[] Event(string id) => Encoding.UTF8.GetBytes($$"""{"id":"{{id}}","type":"t"}""");

    internal static RetryPolicy Constant(int retries) => new() { Duration = TimeSpan.FromSeconds(2), MaxRetries = retries };

    internal static ResiliencyResource Resiliency(RetryPolicy policy) => new(new ResourceOrigin("resiliency.yaml", 1), "shop")
    {
        Retries = new Dictionary<string, RetryPolicy> { ["again"] = policy },
        Components = new Dictionary<string, ComponentTarget> { ["pubsub"] = new(new PolicyNames(null, null, null), new PolicyNames(null, "again", null)) },
    };
}
