using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// <c>pubsub.rabbitmq</c>: Dapr's own fields, exchanges and queues. A message goes to the queues that there are when it is
/// published: a consumer group gets nothing from before its first subscription.
/// </summary>
internal sealed class RabbitMqPubSub : IPubSub
{
    private RabbitMqOptions _options = null!;
    private TimeProvider _time = TimeProvider.System;
    private ILogger _logger = null!;
    private RabbitMqConnection? _publishing;
    private RabbitMqConnection? _consuming;
    private RabbitMqPublisher? _publisher;

    public PubSubFeatures Features => PubSubFeatures.MessageTtl;

    public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
    {
        (_time, _logger, _options) = (context.Time, context.Logger, RabbitMqOptions.Read(context));
        var factory = RabbitMqAddress.Read(context.Metadata);
        _publishing = new RabbitMqConnection(factory, "publishing", _logger);
        _consuming = new RabbitMqConnection(factory, "consuming", _logger);
        _publisher = new RabbitMqPublisher(_publishing, _options, _time, _logger);
        try
        {
            await BackendStart.ConnectAsync(
                "RabbitMQ", _publishing.GetAsync, failure => failure is RabbitMqFault { IsPermanent: false }, _time, _logger, cancellationToken).ConfigureAwait(false);
        }
        catch (RabbitMqFault refused)
        {
            throw refused.ToComponentException();
        }
    }

    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await _publisher!.PublishAsync(message, cancellationToken).ConfigureAwait(false);
        }
        catch (RabbitMqFault failure)
        {
            throw failure.ToComponentException();
        }
    }

    public async Task<IAsyncDisposable> SubscribeAsync(PubSubSubscription subscription, PubSubHandler handler, CancellationToken cancellationToken)
    {
        RabbitMqSubscription? started = null;
        try
        {
            started = new RabbitMqSubscription(_consuming!, new RabbitMqQueue(subscription, _options), _options, handler, _time, _logger);
            await started.StartAsync(cancellationToken).ConfigureAwait(false);
            return started;
        }
        catch (Exception failure)
        {
            if (started is not null)
                await started.DisposeAsync().ConfigureAwait(false);
            throw failure is RabbitMqFault fault ? fault.ToComponentException() : failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_publisher is not null)
            await _publisher.DisposeAsync().ConfigureAwait(false);
        if (_publishing is not null)
            await _publishing.DisposeAsync().ConfigureAwait(false);
        if (_consuming is not null)
            await _consuming.DisposeAsync().ConfigureAwait(false);
    }
}
