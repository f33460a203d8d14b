using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.InMemory;

internal sealed partial class InMemorySubscription : IAsyncDisposable
{
    /// <summary>A handler under way at the end gets this long before its token is cancelled.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    // Unbounded: a handler may publish to the topic it handles, and would wait for itself.
    private readonly Channel<PubSubMessage> _waiting = Channel.CreateUnbounded<PubSubMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _cancel = new();
    private readonly InMemoryTopics _topics;
    private readonly string _topic;
    private readonly PubSubHandler _handler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Task _delivering;
    private int _disposed;
    private volatile bool _stopping;

    public InMemorySubscription(InMemoryTopics topics, string topic, PubSubHandler handler, TimeProvider time, ILogger logger)
    {
        (_topics, _topic, _handler, _time, _logger) = (topics, topic, handler, time, logger);
        _delivering = DeliverAsync();
    }

    /// <summary>Exactly the topic; or, for one that ends in a star, any longer one with that beginning.</summary>
    public bool Wants(string topic) => _topic.EndsWith('*')
        ? topic.Length >= _topic.Length && topic.StartsWith(_topic.AsSpan(0, _topic.Length - 1), StringComparison.Ordinal)
        : topic == _topic;

    /// <summary>The message carries the topic of the subscription, as Dapr's own in-memory broker has it.</summary>
    public void Add(PubSubMessage message) => _waiting.Writer.TryWrite(message.Topic == _topic ? message : message with { Topic = _topic });

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        _topics.Remove(this);
        _stopping = true;
        _waiting.Writer.Complete();
        try
        {
            await _delivering.WaitAsync(DrainTimeout, _time).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await _cancel.CancelAsync().ConfigureAwait(false);
            await _delivering.ConfigureAwait(false);
        }

        _cancel.Dispose();
    }

    private async Task DeliverAsync()
    {
        await foreach (var message in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            if (_stopping)
                return;
            try
            {
                if (await _handler(message, _cancel.Token).ConfigureAwait(false) != Delivery.Ack)
                    NotHandled(_logger, _topic, null);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                NotHandled(_logger, _topic, failure);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "A message of topic '{Topic}' was not handled; the in-memory broker does not deliver it again")]
    private static partial void NotHandled(ILogger logger, string topic, Exception? failure);
}
