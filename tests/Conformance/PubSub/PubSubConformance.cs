using System.Text;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using TestSupport;
using TestSupport.Brokers;

namespace Conformance.PubSub;

/// <summary>
/// The rules of <see cref="IPubSub"/>. A driver joins by deriving a class that passes its <see cref="PubSubTarget"/>.
/// </summary>
public abstract partial class PubSubConformance(PubSubTarget target) : IAsyncLifetime
{
    private readonly ComponentHost _host = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];

    /// <summary>Stands before every topic and app-id, because tests share a server.</summary>
    private readonly string _prefix = $"{Guid.NewGuid():N}-";
    private readonly HashSet<string> _prepared = [];
    private IPubSub _pubSub = null!;

    private static CancellationToken None => CancellationToken.None;

    public async ValueTask InitializeAsync() => _pubSub = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Ends all subscriptions and components; tests do it themselves before servers and relays of their own end.</summary>
    private async Task EndAsync()
    {
        foreach (var subscription in _subscriptions)
            await subscription.DisposeAsync();
        _subscriptions.Clear();
        await _host.CloseAllAsync();
    }

    [Fact]
    public void Features_are_those_of_the_contract() => Assert.Equal(target.Features, _pubSub.Features);

    [Fact]
    public async Task A_message_arrives_as_it_was_published()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        byte[] data = [.. Enumerable.Range(0, 256).Select(value => (byte)value)];
        await _pubSub.PublishAsync(new PubSubMessage(Topic("t"), data, "application/x-thing", new Dictionary<string, string> { ["a.B"] = "ä \"1\"" }), None);

        var message = await inbox.NextAsync();
        Assert.Equal(data, message.Data.ToArray());
        Assert.Equal(Topic("t"), message.Topic);
        Assert.Equal(target.CarriesContentType ? "application/x-thing" : null, message.ContentType);
        Assert.Equal(target.CarriesMetadata ? "ä \"1\"" : null, message.Metadata.GetValueOrDefault("a.B"));
    }

    [Fact]
    public async Task An_empty_message_without_content_type_arrives()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        await _pubSub.PublishAsync(new PubSubMessage(Topic("t"), ReadOnlyMemory<byte>.Empty, null, new Dictionary<string, string>()), None);

        var message = await inbox.NextAsync();
        Assert.Equal((0, null), (message.Data.Length, message.ContentType));
    }

    [Fact]
    public async Task A_megabyte_arrives()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        var data = new byte[1 << 20];
        new Random(1).NextBytes(data);
        await _pubSub.PublishAsync(new PubSubMessage(Topic("t"), data, null, new Dictionary<string, string>()), None);

        var message = await inbox.NextAsync();
        Assert.True(data.AsSpan().SequenceEqual(message.Data.Span), "the data differs");
    }

    [Theory]
    [InlineData("a/b c%d")]
    [InlineData("it's \"quoted\"; --")]
    [InlineData("schlüssel🔑")]
    public async Task Any_text_can_be_a_topic(string topic)
    {
        Assert.SkipUnless(target.AnyTopic, "has rules for the names of topics");
        var inbox = new Inbox();
        await SubscribeAsync(topic, inbox);
        await PublishAsync(topic, "1");

        Assert.Equal(Topic(topic), (await inbox.NextAsync()).Topic);
    }

    [Fact]
    public async Task Messages_go_to_the_subscribers_of_their_topic_only()
    {
        var (first, second) = (new Inbox(), new Inbox());
        await SubscribeAsync("first", first);
        await SubscribeAsync("second", second);
        await PublishAsync("second", "2");
        await PublishAsync("first", "1");

        Assert.Equal(("1", "2"), (await first.NextTextAsync(), await second.NextTextAsync()));
        Assert.Empty(first.Rest().Concat(second.Rest()));
    }

    [Fact]
    public async Task First_deliveries_begin_in_the_order_of_publishing()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        for (var number = 0; number < 300; number++)
            await PublishAsync("t", $"{number}");

        var arrived = await inbox.NextTextsAsync(300);
        Assert.Equal(Enumerable.Range(0, 300).Select(number => $"{number}"), target.Ordered ? arrived : arrived.OrderBy(int.Parse));
    }

    [Fact]
    public async Task Every_message_of_many_publishers_at_once_arrives_once()
    {
        var inbox = new Inbox();
        await SubscribeAsync("t", inbox);
        await Task.WhenAll(Enumerable.Range(0, 500).Select(number => PublishAsync("t", $"{number}")));

        var arrived = await inbox.NextTextsAsync(500);
        Assert.Equal(500, arrived.Distinct().Count());
        Assert.Empty(inbox.Rest());
    }

    [Fact]
    public async Task Different_apps_each_get_every_message()
    {
        var (mine, theirs) = (new Inbox(), new Inbox());
        await SubscribeAsync("t", mine);
        await SubscribeAsync("t", theirs, await OpenAsync("another-app"));
        await PublishAsync("t", "1");

        Assert.Equal(("1", "1"), (await mine.NextTextAsync(), await theirs.NextTextAsync()));
    }

    [Fact]
    public async Task No_more_messages_are_under_way_than_the_limit()
    {
        var release = new TaskCompletionSource();
        var inbox = new Inbox(async (_, _, _) =>
        {
            await release.Task;
            return Delivery.Ack;
        });
        await SubscribeAsync("t", inbox);
        for (var number = 0; number < target.MaxInFlight + 5; number++)
            await PublishAsync("t", $"{number}");

        await inbox.NextTextsAsync(target.MaxInFlight);
        Assert.Empty(inbox.Rest());
        release.SetResult();
        await inbox.NextTextsAsync(5);
        Assert.Equal(target.MaxInFlight, inbox.MostAtOnce);
    }

    [Fact]
    public async Task After_disposal_nothing_is_delivered()
    {
        var (ended, other) = (new Inbox(), new Inbox());
        var subscription = await SubscribeAsync("t", ended);
        await SubscribeAsync("t", other, await OpenAsync("another-app"));
        await subscription.DisposeAsync();
        await PublishAsync("t", "1");

        Assert.Equal("1", await other.NextTextAsync());
        Assert.Empty(ended.Rest());
    }

    [Fact]
    public async Task Disposal_waits_for_handlers_under_way_and_leaves_their_token_alone()
    {
        var release = new TaskCompletionSource();
        var wasCancelled = false;
        var inbox = new Inbox(async (_, _, cancellationToken) =>
        {
            await release.Task;
            wasCancelled = cancellationToken.IsCancellationRequested;
            return Delivery.Ack;
        });
        var subscription = await SubscribeAsync("t", inbox, await OpenAsync(drainsLong: true));
        await PublishAsync("t", "1");
        await inbox.NextAsync();

        var disposal = subscription.DisposeAsync().AsTask();
        Assert.False(disposal.IsCompleted);
        release.SetResult();
        await disposal.WithinAsync("the disposal of the subscription");
        Assert.False(wasCancelled);
    }

    [Fact]
    public async Task A_subscription_ends_by_its_handle_and_not_with_the_token_of_the_call()
    {
        using var call = new CancellationTokenSource();
        var inbox = new Inbox();
        await PrepareAsync("t");
        _subscriptions.Add(await _pubSub.SubscribeAsync(new PubSubSubscription(Topic("t"), new Dictionary<string, string>()), inbox.HandleAsync, call.Token));
        await call.CancelAsync();
        await PublishAsync("t", "1");

        Assert.Equal("1", await inbox.NextTextAsync());
    }

    [Fact]
    public async Task A_handler_may_publish_to_the_topic_it_handles()
    {
        var inbox = new Inbox(async (message, _, _) =>
        {
            var number = int.Parse(Inbox.Text(message), System.Globalization.CultureInfo.InvariantCulture);
            if (number < 20)
                await PublishAsync("t", $"{number + 1}");
            return Delivery.Ack;
        });
        await SubscribeAsync("t", inbox);
        await PublishAsync("t", "0");

        Assert.Equal(Enumerable.Range(0, 21).Select(number => $"{number}"), await inbox.NextTextsAsync(21));
    }

    /// <param name="drainsLong">A subscription that ends waits for its handlers for longer than a test takes, where that can be set.</param>
    private async Task<IPubSub> OpenAsync(
        string appId = "app", SharedResources? shared = null, TimeProvider? time = null, BrokerServer? server = null, Dictionary<string, string>? metadata = null, bool drainsLong = false)
    {
        var all = target.Metadata(_host.Folder);
        if (target.Server is { } kind)
            all = all.Concat(metadata ?? (server ?? await BrokerServer.SharedAsync(kind)).Metadata).GroupBy(field => field.Key).ToDictionary(field => field.Key, field => field.Last().Value);
        if (drainsLong && all.ContainsKey("drainTimeout"))
            all["drainTimeout"] = "60s";
        return await _host.OpenAsync<IPubSub>(target.Type, all, shared, _prefix + appId, time: time);
    }

    private string Topic(string topic) => _prefix + topic;

    private async Task<IAsyncDisposable> SubscribeAsync(string topic, Inbox inbox, IPubSub? pubSub = null)
    {
        await PrepareAsync(topic);
        var subscription = await (pubSub ?? _pubSub).SubscribeAsync(new PubSubSubscription(Topic(topic), new Dictionary<string, string>()), inbox.HandleAsync, None);
        _subscriptions.Add(subscription);
        return subscription;
    }

    private async Task PublishAsync(string topic, string text, IPubSub? pubSub = null, TimeSpan? timeToLive = null)
    {
        await PrepareAsync(topic);
        await (pubSub ?? _pubSub).PublishAsync(
            new PubSubMessage(Topic(topic), Encoding.UTF8.GetBytes(text), "text/plain", new Dictionary<string, string>()) { TimeToLive = timeToLive }, None);
    }

    private async Task PrepareAsync(string topic)
    {
        if (target.PrepareTopic is not { } prepare)
            return;
        lock (_prepared)
        {
            if (!_prepared.Add(topic))
                return;
        }

        await prepare(await BrokerServer.SharedAsync(target.Server!.Value), Topic(topic));
    }
}
