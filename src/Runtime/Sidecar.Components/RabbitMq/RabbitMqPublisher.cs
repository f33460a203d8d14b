using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.RabbitMq;

/// <summary>
/// Publishes over one channel for everybody, opened when it is needed. Three tries: another at once where it was the channel
/// alone that ended, two seconds later otherwise.
/// </summary>
internal sealed class RabbitMqPublisher(RabbitMqConnection connection, RabbitMqOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int Attempts = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task<RabbitMqPublisherChannel>? _channel;

    /// <exception cref="RabbitMqFault">The broker does not have it, as far as is known.</exception>
    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var publication = RabbitMqPublication.Of(message, options);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                var channel = await ChannelAsync(cancellationToken).ConfigureAwait(false);
                await channel.PublishAsync(publication, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (RabbitMqFault failure) when (attempt < Attempts && !failure.IsPermanent)
            {
                RabbitMqLog.PublishFailed(logger, message.Topic, attempt, Attempts, failure.Message);
                if (!failure.ChannelClosed)
                    await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        Task<RabbitMqPublisherChannel>? last;
        lock (_lock)
            last = _channel;
        await CloseAsync(last).ConfigureAwait(false);
        _stopping.Dispose();
    }

    /// <summary>Whoever asks at the same time shares one attempt.</summary>
    private Task<RabbitMqPublisherChannel> ChannelAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_channel is null or { IsFaulted: true } or { IsCanceled: true } || (_channel.IsCompletedSuccessfully && !_channel.Result.IsOpen))
                _channel = OpenAsync(_channel);
            return _channel.IsCompletedSuccessfully ? _channel : _channel.WaitAsync(cancellationToken);
        }
    }

    private async Task<RabbitMqPublisherChannel> OpenAsync(Task<RabbitMqPublisherChannel>? ended)
    {
        await Task.Yield();
        await CloseAsync(ended).ConfigureAwait(false);
        var opened = await connection.GetAsync(_stopping.Token).ConfigureAwait(false);
        try
        {
            // The library's own tracking of confirms would add a header to each message.
            var channel = await opened.CreateChannelAsync(new CreateChannelOptions(options.PublisherConfirm, publisherConfirmationTrackingEnabled: false), _stopping.Token).ConfigureAwait(false);
            return new RabbitMqPublisherChannel(opened, channel, options, logger);
        }
        catch (Exception failure) when (failure is not (RabbitMqFault or OutOfMemoryException))
        {
            throw RabbitMqFault.OfOperation("the channel to publish on", failure);
        }
    }

    private static async Task CloseAsync(Task<RabbitMqPublisherChannel>? opened)
    {
        if (opened is null)
            return;
        try
        {
            await (await opened.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // It never opened, which was told.
        }
    }
}
