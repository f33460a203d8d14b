using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// A connection that is opened when somebody asks for it, and again after it was lost. Publishers and subscriptions have one
/// each: a broker short of memory or disk stops reading from connections that publish, and acknowledgements must not wait
/// behind that.
/// </summary>
internal sealed class RabbitMqConnection(ConnectionFactory factory, string purpose, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan CloseTimeout = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task<IConnection>? _current;

    /// <summary>Whoever asks at the same time shares one attempt.</summary>
    /// <exception cref="RabbitMqFault">There is none to be had now.</exception>
    public Task<IConnection> GetAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_current is null or { IsFaulted: true } or { IsCanceled: true } || (_current.IsCompletedSuccessfully && !_current.Result.IsOpen))
                _current = OpenAsync(_current);
            return _current.WaitAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task<IConnection>? last;
        lock (_lock)
            last = _current;
        await CloseAsync(last).ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task<IConnection> OpenAsync(Task<IConnection>? lost)
    {
        // Not under the lock of who asks.
        await Task.Yield();
        await CloseAsync(lost).ConfigureAwait(false);
        try
        {
            var connection = await factory.CreateConnectionAsync(_stopping.Token).ConfigureAwait(false);
            await CheckAsync(connection).ConfigureAwait(false);
            RabbitMqLog.Connected(logger, factory.HostName, connection.Endpoint.Port, purpose);
            connection.ConnectionShutdownAsync += (_, ended) =>
            {
                if (ended.Initiator != ShutdownInitiator.Application)
                    RabbitMqLog.ConnectionLost(logger, factory.HostName, connection.Endpoint.Port, purpose, ended.ReplyText);
                return Task.CompletedTask;
            };
            return connection;
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !_stopping.IsCancellationRequested)
        {
            throw RabbitMqFault.OfConnection(factory, failure);
        }
    }

    /// <summary>The library does not wait for the broker's word on the virtual host; a channel can be had only after it.</summary>
    private async Task CheckAsync(IConnection connection)
    {
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: _stopping.Token).ConfigureAwait(false);
            await channel.DisposeAsync().ConfigureAwait(false);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task CloseAsync(Task<IConnection>? opened)
    {
        if (opened is null)
            return;
        try
        {
            var connection = await opened.ConfigureAwait(false);
            await connection.AbortAsync(CloseTimeout).ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // It never opened, which was told, or it broke meanwhile: nothing is left of it.
        }
    }
}
