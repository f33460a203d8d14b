using System.Globalization;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>A subscription's channel, from the moment it consumes until it ends for whatever reason.</summary>
internal sealed class RabbitMqConsumer(IChannel channel, RabbitMqQueue queue, RabbitMqOptions options, Action<RabbitMqDelivery> deliver) : AsyncDefaultBasicConsumer(channel), IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);
    private static readonly Dictionary<string, string> NoMetadata = [];

    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes with the reason when nothing is delivered any more.</summary>
    public Task<string> Ended => _ended.Task;

    /// <exception cref="RabbitMqFault">The broker refuses, or cannot be reached.</exception>
    public static async Task<RabbitMqConsumer> StartAsync(
        RabbitMqConnection connection, RabbitMqQueue queue, RabbitMqOptions options, Action<RabbitMqDelivery> deliver, CancellationToken cancellationToken)
    {
        var opened = await connection.GetAsync(cancellationToken).ConfigureAwait(false);
        RabbitMqConsumer? consumer = null;
        try
        {
            var channel = await opened.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            consumer = new RabbitMqConsumer(channel, queue, options, deliver);
            channel.ChannelShutdownAsync += consumer.HandleChannelShutdownAsync;
            await queue.DeclareAsync(channel, cancellationToken).ConfigureAwait(false);
            await channel.BasicConsumeAsync(queue.Name, options.AutoAck, queue.NewConsumerTag(), noLocal: false, exclusive: false, arguments: null, consumer, cancellationToken).ConfigureAwait(false);
            return consumer;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            if (consumer is not null)
                await consumer.DisposeAsync().ConfigureAwait(false);
            if (failure is RabbitMqFault or OperationCanceledException)
                throw;
            throw RabbitMqFault.OfOperation($"the queue '{queue.Name}' of topic '{queue.Topic}'", failure);
        }
    }

    public override Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        // The library uses the body's memory again once this returns.
        var message = new PubSubMessage(queue.Topic, body.ToArray(), ContentType: null, options.PropertiesToMetadata ? Metadata(properties) : NoMetadata);
        deliver(new RabbitMqDelivery(this, deliveryTag, message));
        return Task.CompletedTask;
    }

    /// <summary>Told by the channel itself: the library tells its consumers only behind all that they have still to handle.</summary>
    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _ended.TrySetResult(reason.ReplyText);
        return Task.CompletedTask;
    }

    public ValueTask SettleAsync(RabbitMqDelivery delivery, Delivery outcome) => outcome == Delivery.Ack
        ? Channel.BasicAckAsync(delivery.Tag, multiple: false)
        : Channel.BasicNackAsync(delivery.Tag, multiple: false, options.RequeueInFailure);

    /// <summary>After this, nothing more is delivered.</summary>
    public async Task CancelAsync()
    {
        using var limit = new CancellationTokenSource(CloseTimeout);
        foreach (var tag in ConsumerTags)
            await QuietlyAsync(() => Channel.BasicCancelAsync(tag, noWait: false, limit.Token)).ConfigureAwait(false);
    }

    /// <summary>What was not settled goes back to the queue.</summary>
    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(CloseTimeout);
        await QuietlyAsync(() => Channel.CloseAsync(limit.Token)).ConfigureAwait(false);
        await QuietlyAsync(() => Channel.DisposeAsync().AsTask()).ConfigureAwait(false);
        _ended.TrySetResult("closed");
    }

    /// <summary>The broker ended it: the queue is gone.</summary>
    protected override Task OnCancelAsync(string[] consumerTags, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult("the broker has deleted the queue");
        return base.OnCancelAsync(consumerTags, cancellationToken);
    }

    /// <summary>A channel that is gone already needs no farewell.</summary>
    private async Task QuietlyAsync(Func<Task> farewell)
    {
        try
        {
            if (Channel.IsOpen)
                await farewell().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // It ended meanwhile, or the broker is gone.
        }
    }

    private static Dictionary<string, string> Metadata(IReadOnlyBasicProperties properties)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        Add("messageid", properties.MessageId);
        Add("correlationid", properties.CorrelationId);
        Add("type", properties.Type);
        Add("contenttype", properties.ContentType);
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>())
            Add(name, value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : Convert.ToString(value, CultureInfo.InvariantCulture));
        return metadata;

        void Add(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
                metadata[$"metadata.{name}"] = value;
        }
    }
}

/// <param name="Tag">The broker's number of it, on the channel it came by.</param>
internal readonly record struct RabbitMqDelivery(RabbitMqConsumer Consumer, ulong Tag, PubSubMessage Message);
