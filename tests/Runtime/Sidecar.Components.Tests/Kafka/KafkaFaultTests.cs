using Sidecar.Components.Kafka;
using Sidecar.Components.PubSub;
using Sidecar.Testing;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>Brokers that are away, come back, or refuse; each test has one of its own.</summary>
public sealed class KafkaFaultTests : KafkaTest
{
    private protected override async Task<BrokerServer> StartServerAsync() => Own(await BrokerServer.StartAsync(BrokerKind.Kafka));

    [Fact]
    public async Task Without_a_broker_the_start_waits_says_for_what_and_fails_with_its_name()
    {
        var address = $"127.0.0.1:{FreePorts.Next()}";
        var log = new LogLines();
        var pubSub = Own(new KafkaPubSub());
        using var limit = new CancellationTokenSource();
        var start = pubSub.InitAsync(Context(log, ("brokers", address)), limit.Token);
        Assert.Equal($"Warning: Waiting for a Kafka broker at {address}", await log.LineAsync("Waiting"));
        Assert.False(start.IsCompleted);
        await limit.CancelAsync();

        var failure = await Assert.ThrowsAsync<ComponentException>(() => start.WithinAsync("the end of the start"));
        Assert.StartsWith($"no broker of metadata field 'brokers' ({address}) answers", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_comes_while_the_component_starts_is_found()
    {
        await Server.TellAsync("down");
        var log = new LogLines();
        var pubSub = Own(new KafkaPubSub());
        var start = pubSub.InitAsync(Context(log), CancellationToken.None);
        await log.LineAsync("Waiting for a Kafka broker");
        await Server.TellAsync("up");

        await start.WithinAsync("the start, now that the broker is there");
    }

    [Fact]
    public async Task A_broker_that_goes_and_comes_back_in_the_middle_of_300_messages_loses_none_and_keeps_their_order()
    {
        await CreateTopicAsync(1);
        var log = new LogLines();
        var pubSub = await OpenAsync(log, ("sessionTimeout", "6s"));
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        for (var number = 0; number < 100; number++)
            await PublishAsync(pubSub, $"{number}");
        await Server.TellAsync("down");
        var waiting = Enumerable.Range(100, 100).Select(number => PublishAsync(pubSub, $"{number}")).ToList();
        await log.LineAsync("the client goes on trying");
        Assert.DoesNotContain(waiting, static publish => publish.IsCompleted);
        await Server.TellAsync("up");
        await Task.WhenAll(waiting);
        for (var number = 200; number < 300; number++)
            await PublishAsync(pubSub, $"{number}");

        // What was handled when the broker went may come again; nothing is missing, and nothing overtakes.
        List<string> arrived = [];
        while (arrived.Count == 0 || arrived[^1] != "299")
            arrived.Add(await mailbox.NextTextAsync($"all 300, after {arrived.Count}"));
        Assert.Equal(Enumerable.Range(0, 300).Select(static number => $"{number}"), arrived.Distinct());
    }

    [Fact]
    public async Task A_producer_without_room_makes_publishers_wait_and_fails_them_when_that_takes_too_long()
    {
        await CreateTopicAsync(1);
        var context = Context(new LogLines());
        var settings = KafkaSettings.ForProducer(KafkaOptions.Read(context), context.Metadata);
        var clock = new FakeClock();
        var producer = Own(new KafkaProducer(
            [.. settings, new("queue.buffering.max.messages", "10", "")],
            new KafkaHeaders(null, false), new ProducerLimits(TimeSpan.FromSeconds(30), 1 << 20), null, clock, context.Logger));
        await producer.ConnectAsync(Server.Address, CancellationToken.None);
        await Server.TellAsync("down");
        var waiting = Enumerable.Range(0, 10).Select(number => producer.PublishAsync(Message($"{number}"), CancellationToken.None).AsTask()).ToList();

        var tooLate = producer.PublishAsync(Message("too late"), CancellationToken.None).AsTask();
        await Eventually.TrueAsync(() => clock.ArmedTimers == 1, "a publisher that waits for room");
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.StartsWith("too many messages wait", (await Assert.ThrowsAsync<ComponentException>(() => tooLate)).Message, StringComparison.Ordinal);

        var inTime = producer.PublishAsync(Message("in time"), CancellationToken.None).AsTask();
        await Server.TellAsync("up");
        await Task.WhenAll([.. waiting, inTime]).WithinAsync("all that waited");
    }

    [Fact]
    public async Task A_topic_that_is_not_there_is_told_by_the_subscription_and_read_as_soon_as_it_is()
    {
        await CreateTopicAsync(1);
        await Server.TellAsync($"error {Topic} 3");
        var log = new LogLines();
        var pubSub = await OpenAsync(log, ("sessionTimeout", "6s"), ("clientConnectionTopicMetadataRefreshInterval", "1s"));
        var mailbox = new Mailbox();
        await SubscribeAsync(pubSub, mailbox.HandleAsync);
        Assert.Contains("Unknown topic", await log.LineAsync(Topic), StringComparison.Ordinal);

        await Server.TellAsync($"error {Topic} 0");
        await Server.TellAsync($"produce {Topic} 0 here");
        Assert.Equal("here", await mailbox.NextTextAsync("a message of the topic that exists now"));
    }

    [Fact]
    public async Task Credentials_that_are_refused_end_the_start_at_once_and_are_not_told()
    {
        await using var broker = new RefusingBroker();
        var pubSub = Own(new KafkaPubSub());
        var log = new LogLines();
        var context = Context(
            log, ("brokers", $"127.0.0.1:{broker.Port}"), ("authType", "password"), ("disableTls", "true"), ("saslUsername", "shop"), ("saslPassword", "hunter2"));

        var failure = await Assert.ThrowsAsync<ComponentException>(() => pubSub.InitAsync(context, CancellationToken.None).WithinAsync("the refusal"));
        Assert.StartsWith("the broker refuses the credentials; see metadata fields 'authType', 'saslUsername', 'saslPassword'", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(log.All.Append(failure.Message), static text => text.Contains("hunter2", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_token_of_the_endpoint_is_what_oidc_shows_to_the_broker()
    {
        await using var broker = new RefusingBroker();
        await using var endpoint = await TestApp.StartAsync(app => app.On("/token", 200, """{"access_token":"the-token","expires_in":600}"""));
        var pubSub = Own(new KafkaPubSub());
        var start = pubSub.InitAsync(
            Context(
                new LogLines(), ("brokers", $"127.0.0.1:{broker.Port}"), ("authType", "oidc"), ("disableTls", "true"), ("oidcClientID", "shop"),
                ("oidcClientSecret", "s:1"), ("oidcTokenEndpoint", $"http://127.0.0.1:{endpoint.Port}/token"), ("oidcScopes", "a,b"), ("oidcExtensions", """{"team":"x"}""")),
            CancellationToken.None);

        var request = await endpoint.NextAsync("/token");
        Assert.Equal("grant_type=client_credentials&scope=a+b", request.Text);
        Assert.Equal($"Basic {Convert.ToBase64String("shop:s%3A1"u8)}", request.Headers["Authorization"]);
        var credentials = await broker.CredentialsAsync();
        Assert.Contains("auth=Bearer the-token", credentials, StringComparison.Ordinal);
        Assert.Contains("team=x", credentials, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ComponentException>(() => start.WithinAsync("the refusal"));
    }
}
