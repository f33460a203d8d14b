using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// <c>pubsub.rabbitmq</c>: Dapr's own fields, exchanges and queues. A message goes to the queues that there are when it is
/// published: a consumer group gets nothing from before its first subscription.
/// </summary>
internal sealed class RabbitMqPubSub : IPubSub
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(3);

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
            await ConnectAsync(cancellationToken).ConfigureAwait(false);
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

    /// <summary>Waits for a broker that is not up yet; one that refuses is not asked again.</summary>
    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await _publishing!.GetAsync(cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RabbitMqFault failure) when (!failure.IsPermanent)
            {
                RabbitMqLog.Waiting(_logger, failure.Message);
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
