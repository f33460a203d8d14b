using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Sidecar.Components.RabbitMq;

/// <summary>A channel on which many publish at once, from its opening to its end. What is not confirmed at its end has failed.</summary>
internal sealed class RabbitMqPublisherChannel : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly RabbitMqOptions _options;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly HashSet<string> _exchanges = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();

    /// <summary>By the number that the broker counts: 1 for the first message of the channel.</summary>
    private readonly Dictionary<ulong, TaskCompletionSource<bool>> _unconfirmed = [];
    private ulong _published;
    private bool _isUncertain;
    private ulong _firstUnconfirmed = 1;
    private CancellationTokenSource _blocking = new();
    private string? _blocked;
    private ShutdownEventArgs? _closed;

    public RabbitMqPublisherChannel(IConnection connection, IChannel channel, RabbitMqOptions options, ILogger logger)
    {
        (_connection, _channel, _options, _logger) = (connection, channel, options, logger);
        channel.BasicAcksAsync += (_, confirm) => Confirm(confirm.DeliveryTag, confirm.Multiple, taken: true);
        channel.BasicNacksAsync += (_, refusal) => Confirm(refusal.DeliveryTag, refusal.Multiple, taken: false);
        channel.ChannelShutdownAsync += OnClosed;
        connection.ConnectionBlockedAsync += OnBlocked;
        connection.ConnectionUnblockedAsync += OnUnblocked;
    }

    public bool IsOpen => _channel.IsOpen && _closed is null && !_isUncertain;

    /// <summary>Returns once the message is written, or confirmed where that was asked for.</summary>
    /// <exception cref="RabbitMqFault">The broker does not have it, as far as is known.</exception>
    public async ValueTask PublishAsync(RabbitMqPublication publication, CancellationToken cancellationToken)
    {
        TaskCompletionSource<bool>? confirmed;
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_exchanges.Contains(publication.Exchange))
                await DeclareAsync(publication.Exchange).ConfigureAwait(false);
            confirmed = await WriteAsync(publication).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }

        if (confirmed is not null && !await confirmed.Task.WaitAsync(cancellationToken).ConfigureAwait(false))
            RabbitMqLog.NotConfirmed(_logger, publication.Exchange);
    }

    public async ValueTask DisposeAsync()
    {
        _connection.ConnectionBlockedAsync -= OnBlocked;
        _connection.ConnectionUnblockedAsync -= OnUnblocked;
        try
        {
            // The broker answers after it has read all that was written.
            if (_channel.IsOpen && _blocked is null)
            {
                using var limit = new CancellationTokenSource(CloseTimeout);
                await _channel.CloseAsync(limit.Token).ConfigureAwait(false);
            }
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The connection broke meanwhile.
        }

        // An open channel of a blocked connection would wait for an answer; it ends with the connection.
        if (!_channel.IsOpen)
            _channel.Dispose();
        _blocking.Dispose();
    }

    /// <summary>On a channel of its own: a refusal ends the channel, and those who publish elsewhere are not to suffer for it.</summary>
    private async Task DeclareAsync(string exchange)
    {
        var blocking = Unblocked();
        try
        {
            var channel = await _connection.CreateChannelAsync(cancellationToken: blocking).ConfigureAwait(false);
            await using (channel.ConfigureAwait(false))
                await channel.ExchangeDeclareAsync(exchange, _options.ExchangeKind, _options.Durable, _options.DeletedWhenUnused, cancellationToken: blocking).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            throw Fault() ?? RabbitMqFault.OfOperation($"the exchange '{exchange}'", failure);
        }

        _exchanges.Add(exchange);
    }

    private async ValueTask<TaskCompletionSource<bool>?> WriteAsync(RabbitMqPublication publication)
    {
        var blocking = Begin(out var confirmed);
        try
        {
            await _channel.BasicPublishAsync(publication.Exchange, publication.RoutingKey, mandatory: false, publication.Properties, publication.Body, blocking).ConfigureAwait(false);
            _published++;
            return confirmed;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            lock (_lock)
            {
                _unconfirmed.Remove(_published + 1);

                // Whether it was written decides which number the broker gives to the next. A write that gave way to the block was not.
                _isUncertain |= failure is not OperationCanceledException;
                throw Fault() ?? RabbitMqFault.OfOperation("the message", failure);
            }
        }
    }

    /// <summary>Gives the next message its place among those to be confirmed, and the token that ends when nothing can be written.</summary>
    /// <exception cref="RabbitMqFault">Nothing can be published now.</exception>
    private CancellationToken Begin(out TaskCompletionSource<bool>? confirmed)
    {
        lock (_lock)
        {
            var blocking = Unblocked();

            // Known before it is written, because the confirm may be here before the write returns.
            confirmed = _options.PublisherConfirm ? _unconfirmed[_published + 1] = new(TaskCreationOptions.RunContinuationsAsynchronously) : null;
            return blocking;
        }
    }

    private CancellationToken Unblocked()
    {
        lock (_lock)
            return Fault() is { } fault ? throw fault : _blocking.Token;
    }

    private RabbitMqFault? Fault() => (_closed, _blocked) switch
    {
        ({ } closed, _) => Closed(closed),
        (_, { } reason) => Blocked(reason),
        _ => null,
    };

    private static RabbitMqFault Closed(ShutdownEventArgs closed) =>
        new($"the channel ended before the broker had the message ({closed.ReplyText})", isPermanent: false)
        {
            // A connection that is lost ends its channels with the reason it has itself.
            ChannelClosed = closed.ReplyCode is Constants.NotFound or Constants.PreconditionFailed or Constants.AccessRefused,
        };

    private static RabbitMqFault Blocked(string reason) =>
        new($"the broker takes no messages now: {reason}; give it room, or raise its limits", isPermanent: false);

    private Task Confirm(ulong number, bool andAllBefore, bool taken)
    {
        lock (_lock)
        {
            if (!andAllBefore)
                Complete(number, taken);
            else
            {
                for (; _firstUnconfirmed <= number; _firstUnconfirmed++)
                    Complete(_firstUnconfirmed, taken);
            }
        }

        return Task.CompletedTask;
    }

    private void Complete(ulong number, bool taken)
    {
        if (_unconfirmed.Remove(number, out var confirmed))
            confirmed.TrySetResult(taken);
    }

    private Task OnClosed(object sender, ShutdownEventArgs closed)
    {
        lock (_lock)
        {
            _closed = closed;
            FailUnconfirmed(Closed(closed));
        }

        return Task.CompletedTask;
    }

    /// <summary>Who waits for a confirm, or for room to write, is told; the broker may have the message all the same once it has room.</summary>
    private async Task OnBlocked(object sender, ConnectionBlockedEventArgs blocked)
    {
        CancellationTokenSource blocking;
        lock (_lock)
        {
            _blocked = blocked.Reason;
            blocking = _blocking;
            FailUnconfirmed(Blocked(blocked.Reason));
        }

        await blocking.CancelAsync().ConfigureAwait(false);
    }

    private Task OnUnblocked(object sender, AsyncEventArgs unblocked)
    {
        lock (_lock)
        {
            _blocked = null;
            _blocking = new CancellationTokenSource();
        }

        return Task.CompletedTask;
    }

    private void FailUnconfirmed(RabbitMqFault fault)
    {
        foreach (var confirmed in _unconfirmed.Values)
            confirmed.TrySetException(fault);
        _unconfirmed.Clear();
    }
}
