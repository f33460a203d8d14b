using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Text.Json.Nodes;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.PubSub;

namespace Sidecar.Runtime.Tests.State;

/// <summary>
/// A broker that delivers every message at once, each by itself, and keeps count of what came of it. What is published again
/// under the same id is delivered by the test.
/// </summary>
internal sealed class FakeTopics : ITopics
{
    private readonly ConcurrentDictionary<string, PubSubHandler> _handlers = [];
    private readonly ConcurrentQueue<Published> _published = [];
    private readonly ConcurrentQueue<Task<Delivery>> _deliveries = [];
    private readonly ConcurrentDictionary<(string Topic, string? Id), bool> _delivered = [];

    /// <summary>Fails the publishes for which it returns a reason.</summary>
    public Func<Published, string?> Refuse { get; set; } = _ => null;

    public IReadOnlyList<Published> On(string topic) => [.. _published.Where(message => message.Topic == topic)];

    public IReadOnlyList<Task<Delivery>> Deliveries => [.. _deliveries];

    public IReadOnlyCollection<string> Subscribed => [.. _handlers.Keys];

    public ValueTask<DaprError?> PublishAsync(
        string pubsubName, string topic, ReadOnlyMemory<byte> data, string? contentType, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        var message = new Published(pubsubName, topic, contentType, JsonNode.Parse(data.Span)!.AsObject(), data);
        if (Refuse(message) is { } reason)
            return ValueTask.FromResult<DaprError?>(CommonErrors.Unclassified(reason));
        _published.Enqueue(message);
        if (!_delivered.ContainsKey((topic, message.Id)))
            _ = Deliver(message);
        return ValueTask.FromResult<DaprError?>(null);
    }

    public Task<IAsyncDisposable> SubscribeAsync(string pubsubName, string topic, int atOnce, PubSubHandler handler, CancellationToken cancellationToken)
    {
        Assert.True(_handlers.TryAdd($"{pubsubName}/{topic}", handler), "one subscription per topic");
        return Task.FromResult<IAsyncDisposable>(new Subscription(() => _handlers.TryRemove($"{pubsubName}/{topic}", out _)));
    }

    /// <summary>Delivers once more what was published, as a broker does after a crash or a Nack.</summary>
    public Task<Delivery> Deliver(Published message)
    {
        if (!_handlers.TryGetValue($"{message.Pubsub}/{message.Topic}", out var handler))
            return Task.FromResult(Delivery.Ack);
        _delivered[(message.Topic, message.Id)] = true;
        var delivery = Task.Run(async () => await handler(
            new PubSubMessage(message.Topic, message.Data, message.ContentType, ReadOnlyDictionary<string, string>.Empty), CancellationToken.None));
        _deliveries.Enqueue(delivery);
        return delivery;
    }

    internal sealed record Published(string Pubsub, string Topic, string? ContentType, JsonObject Event, ReadOnlyMemory<byte> Data)
    {
        public string Id => (string?)Event["id"] ?? "";
    }

    private sealed class Subscription(Action end) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            end();
            return ValueTask.CompletedTask;
        }
    }
}
