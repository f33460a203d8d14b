using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// Consumes a queue, and consumes it again after channel, connection or queue were lost. What was under way then is delivered
/// again, whatever its handler answers.
/// </summary>
internal sealed class RabbitMqSubscription : IAsyncDisposable
{
    /// <summary>Handlers under way at the end get this long before their token is cancelled, and then as long again.</summary>
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How long the first attempt may go on.</summary>
    private static readonly TimeSpan SubscribeTimeout = TimeSpan.FromMinutes(1);

    /// <summary>A pause of nothing would ask a broker that is away without end.</summary>
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);

    private readonly RabbitMqConnection _connection;
    private readonly RabbitMqQueue _queue;
    private readonly RabbitMqOptions _options;
    private readonly PubSubHandler _handler;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cancel = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<RabbitMqDelivery> _waiting = Channel.CreateUnbounded<RabbitMqDelivery>(new UnboundedChannelOptions { SingleReader = true });
    private RabbitMqConsumer? _consumer;
    private Task _running = Task.CompletedTask;
    private Task _handlingSingly = Task.CompletedTask;

    /// <summary>Handlers under way, and one for the subscription itself until it ends.</summary>
    private int _underWay = 1;
    private int _disposed;

    public RabbitMqSubscription(RabbitMqConnection connection, RabbitMqQueue queue, RabbitMqOptions options, PubSubHandler handler, TimeProvider time, ILogger logger)
    {
        (_connection, _queue, _options, _handler, _time, _logger) = (connection, queue, options, handler, time, logger);
    }

    private TimeSpan Pause => _options.ReconnectWait > ShortestPause ? _options.ReconnectWait : ShortestPause;

    /// <summary>Returns once the queue is consumed.</summary>
    /// <exception cref="RabbitMqFault">The broker refuses, or does not answer for a minute.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(SubscribeTimeout, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        if (_options.IsSingle)
            _handlingSingly = HandleSinglyAsync();
        RabbitMqFault? last = null;
        while (_consumer is null)
        {
            try
            {
                _consumer = await ConsumeAsync(both.Token).ConfigureAwait(false);
            }
            catch (RabbitMqFault failure) when (!failure.IsPermanent)
            {
                last = failure;
                RabbitMqLog.NotConsumed(_logger, _queue.Name, _queue.Topic, failure.Message, Pause);
                await PauseAsync(both.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested && limit.IsCancellationRequested)
            {
                throw last ?? new RabbitMqFault($"the queue '{_queue.Name}' of topic '{_queue.Topic}' could not be consumed within a minute", isPermanent: false);
            }
        }

        _running = RunAsync(_consumer);
    }

    /// <summary>
    /// 1. Takes no more. 2. Gives handlers time to end. 3. Cancels the others. 4. Closes the channel, by which the broker has
    /// back what was not acknowledged.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        // 1.
        await _stopping.CancelAsync().ConfigureAwait(false);
        _waiting.Writer.TryComplete();
        await _running.ConfigureAwait(false);
        if (_consumer is not null)
            await _consumer.CancelAsync().ConfigureAwait(false);
        End();

        // 2.
        if (!await DrainedAsync().ConfigureAwait(false))
        {
            // 3.
            await _cancel.CancelAsync().ConfigureAwait(false);
            if (!await DrainedAsync().ConfigureAwait(false))
                RabbitMqLog.HandlersLeftBehind(_logger, Volatile.Read(ref _underWay), _queue.Name);
        }

        // 4.
        if (_consumer is not null)
            await _consumer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> DrainedAsync()
    {
        try
        {
            await Task.WhenAll(_drained.Task, _handlingSingly).WaitAsync(DrainTimeout, _time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private Task<RabbitMqConsumer> ConsumeAsync(CancellationToken cancellationToken) =>
        RabbitMqConsumer.StartAsync(_connection, _queue, _options, Deliver, cancellationToken);

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The next attempt, or its loop, sees it.
        }
    }

    private async Task RunAsync(RabbitMqConsumer consumer)
    {
        while (true)
        {
            string reason;
            try
            {
                reason = await consumer.Ended.WaitAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await consumer.DisposeAsync().ConfigureAwait(false);
            if (await ConsumeAgainAsync(reason).ConfigureAwait(false) is not { } next)
                return;
            _consumer = consumer = next;
        }
    }

    /// <summary>Null when the subscription ends meanwhile.</summary>
    private async Task<RabbitMqConsumer?> ConsumeAgainAsync(string reason)
    {
        while (true)
        {
            RabbitMqLog.NotConsumed(_logger, _queue.Name, _queue.Topic, reason, Pause);
            await PauseAsync(_stopping.Token).ConfigureAwait(false);
            try
            {
                var consumer = await ConsumeAsync(_stopping.Token).ConfigureAwait(false);
                RabbitMqLog.Resumed(_logger, _queue.Name, _queue.Topic);
                return consumer;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // Whatever it was, the subscription must not end over it; what was refused may be put right meanwhile.
                reason = failure.Message;
            }
        }
    }

    /// <summary>Called in the order of delivery. A handler runs up to its first await here, which makes handlers begin in that order.</summary>
    private void Deliver(RabbitMqDelivery delivery)
    {
        if (_options.IsSingle)
            _waiting.Writer.TryWrite(delivery);
        else
            _ = HandleAsync(delivery);
    }

    private async Task HandleSinglyAsync()
    {
        await foreach (var delivery in _waiting.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
        {
            // Of a channel that is gone, the broker delivers everything again.
            if (!delivery.Consumer.Ended.IsCompleted)
                await HandleAsync(delivery).ConfigureAwait(false);
        }
    }

    private async Task HandleAsync(RabbitMqDelivery delivery)
    {
        if (_stopping.IsCancellationRequested)
            return;
        Interlocked.Increment(ref _underWay);
        try
        {
            if (await CallAsync(delivery.Message).ConfigureAwait(false) is { } outcome && !_options.AutoAck)
                await delivery.Consumer.SettleAsync(delivery, outcome).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            RabbitMqLog.SettleFailed(_logger, _queue.Name, failure);
        }
        finally
        {
            End();
        }
    }

    private void End()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
            _drained.TrySetResult();
    }

    /// <summary>Null when the broker is told neither: the subscription ends, and what is not acknowledged goes back by itself.</summary>
    private async Task<Delivery?> CallAsync(PubSubMessage message)
    {
        try
        {
            if (await _handler(message, _cancel.Token).ConfigureAwait(false) == Delivery.Ack)
                return Delivery.Ack;
        }
        catch (OperationCanceledException) when (_cancel.IsCancellationRequested)
        {
            RabbitMqLog.HandlerCancelled(_logger, _queue.Name);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            RabbitMqLog.HandlerFailed(_logger, _queue.Name, _options.RequeueInFailure, failure);
        }

        return _stopping.IsCancellationRequested ? null : Delivery.Nack;
    }
}
