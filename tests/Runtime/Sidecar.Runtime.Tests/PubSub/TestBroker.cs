using System.Collections.Concurrent;
using System.Threading.Channels;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using TestSupport;

namespace Sidecar.Runtime.Tests.PubSub;

/// <summary>A broker that a test can look into: what was published, what the sidecar answered to each delivery.</summary>
internal class TestBroker : IPubSub
{
    private readonly ConcurrentDictionary<Subscription, byte> _subscriptions = new();
    private readonly Channel<Delivery> _answers = Channel.CreateUnbounded<Delivery>();
    private int _handled;

    public PubSubFeatures Features { get; init; }

    /// <summary>How often a message is delivered again after a Nack.</summary>
    public int Redeliveries { get; init; }

    /// <summary>Topics that take no message, with what the broker says.</summary>
    public ConcurrentDictionary<string, Exception> Refusing { get; } = new();

    /// <summary>What the broker says against a single message; null = nothing.</summary>
    public Func<PubSubMessage, Exception?> Refuses { get; init; } = _ => null;

    /// <summary>Completes a publish to a topic of this name only when the test says so.</summary>
    public TaskCompletionSource? Hold { get; init; }

    /// <summary>What the end of a subscription waits for, besides its messages.</summary>
    public Task StopsWhen { get; init; } = Task.CompletedTask;

    /// <summary>Whether handlers hear of the end of their subscription.</summary>
    public bool CancelsAtTheEnd { get; init; } = true;

    /// <summary>Called when a subscription is to end, before anything else.</summary>
    public Action Ending { get; init; } = () => { };

    public ConcurrentQueue<PubSubMessage> Published { get; } = new();

    /// <summary>How many calls of <see cref="DeliverAsync"/> the sidecar has in hand or behind it.</summary>
    public int Handled => Volatile.Read(ref _handled);

    public IEnumerable<string> SubscribedTopics => _subscriptions.Keys.Select(subscription => subscription.Topic);

    /// <summary>Every subscription that was ever asked for.</summary>
    public ConcurrentQueue<PubSubSubscription> Subscribed { get; } = new();

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        if (Refusing.TryGetValue(message.Topic, out var failure))
            throw failure;
        if (Refuses(message) is { } reason)
            throw reason;
        if (Hold is not null)
            await Hold.Task.WaitAsync(cancellationToken);
        Published.Enqueue(message);
        Deliver(message);
    }

    /// <summary>Hands a message to the subscribers as if it had come from elsewhere.</summary>
    public void Deliver(PubSubMessage message)
    {
        foreach (var subscription in _subscriptions.Keys.Where(subscription => subscription.Topic == message.Topic))
            subscription.Start(HandleAsync(subscription, message));
    }

    public void Deliver(string topic, ReadOnlyMemory<byte> data, params (string Name, string Value)[] metadata) =>
        Deliver(new PubSubMessage(topic, data, null, metadata.ToDictionary(pair => pair.Name, pair => pair.Value)));

    /// <summary>Hands a message to the one subscription there is, and returns the sidecar's answer to it.</summary>
    public Task<Delivery> DeliverAsync(string topic, byte[] data, CancellationToken timeIsOver = default)
    {
        var subscription = _subscriptions.Keys.Single(subscription => subscription.Topic == topic);
        var answer = Task.Run(async () =>
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(subscription.Stopping, timeIsOver);
            var handling = subscription.Handler(new PubSubMessage(topic, data, null, new Dictionary<string, string>()), end.Token);
            Interlocked.Increment(ref _handled);
            return await handling;
        });
        subscription.Start(answer);
        return answer;
    }

    public Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        if (Refusing.TryGetValue(subscription.Topic, out var failure))
            throw failure;
        Subscribed.Enqueue(subscription);
        var added = new Subscription(subscription.Topic, handler, StopsWhen, CancelsAtTheEnd, gone =>
        {
            Ending();
            _subscriptions.TryRemove(gone, out _);
        });
        _subscriptions[added] = 0;
        return Task.FromResult<IAsyncDisposable>(added);
    }

    /// <summary>What the sidecar answered next to a delivery, in the order of the answers.</summary>
    public Task<Delivery> NextAnswerAsync() => _answers.Reader.ReadAsync().AsTask().WithinAsync("the sidecar's answer to a delivery");

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private async Task HandleAsync(Subscription subscription, PubSubMessage message)
    {
        await Task.Yield();
        for (var attempt = 0; attempt <= Redeliveries; attempt++)
        {
            var answer = await subscription.Handler(message, subscription.Stopping);
            await _answers.Writer.WriteAsync(answer);
            if (answer == Delivery.Ack)
                return;
        }
    }

    private sealed class Subscription(string topic, PubSubHandler handler, Task stopsWhen, bool cancels, Action<Subscription> remove) : IAsyncDisposable
    {
        private readonly ConcurrentBag<Task> _underWay = [];
        private readonly CancellationTokenSource _stopping = new();

        public string Topic => topic;

        public PubSubHandler Handler => handler;

        public CancellationToken Stopping => _stopping.Token;

        public void Start(Task handling) => _underWay.Add(handling);

        public async ValueTask DisposeAsync()
        {
            remove(this);
            if (cancels)
                await _stopping.CancelAsync();
            await Task.WhenAll(_underWay.Append(stopsWhen));
        }
    }
}

/// <summary>A broker that takes messages in bulk: all but those it <see cref="TestBroker.Refuses"/>.</summary>
internal sealed class BulkTestBroker : TestBroker, IBulkPublisher
{
    /// <summary>How many messages each call brought.</summary>
    public ConcurrentQueue<int> Calls { get; } = new();

    public async ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAsync(IReadOnlyList<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        Calls.Enqueue(messages.Count);
        if (Refusing.TryGetValue(messages[0].Topic, out var failure))
            throw failure;
        List<UnpublishedMessage> unpublished = [];
        for (var index = 0; index < messages.Count; index++)
        {
            if (Refuses(messages[index]) is { } reason)
                unpublished.Add(new UnpublishedMessage(index, reason));
            else
                await PublishAsync(messages[index], cancellationToken);
        }

        return unpublished;
    }
}
