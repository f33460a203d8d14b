using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Redis;

/// <summary>Reads new entries for one consumer, on a connection that is made again when it breaks.</summary>
internal sealed class RedisStreamReader(
    RedisClient client, RedisConsumerGroup group, ILogger logger, Func<IReadOnlyList<RedisStreamEntry>, Task> dispatch, CancellationToken stopping)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>How long the server waits for entries. Where it lets nobody unblock a connection, so long may an end take.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan UnblockInterval = TimeSpan.FromMilliseconds(20);

    private Task _reading = Task.CompletedTask;
    private long _connectionId = -1;
    private int _failures;

    public void Start() => _reading = ReadAsync();

    /// <summary>To be called once the token has ended. A read under way ends, and what it brought is held by whom it was dispatched to.</summary>
    public async Task StopAsync()
    {
        while (!_reading.IsCompleted)
        {
            // The read may have been sent at this moment and not wait yet, hence more than once.
            if (Interlocked.Read(ref _connectionId) is >= 0 and var id)
                await TryUnblockAsync(id).ConfigureAwait(false);
            await Task.WhenAny(_reading, Task.Delay(UnblockInterval, client.Time, CancellationToken.None)).ConfigureAwait(false);
        }

        await _reading.ConfigureAwait(false);
    }

    private async Task TryUnblockAsync(long id)
    {
        try
        {
            await group.TryUnblockAsync(id, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ComponentException)
        {
            // The server is away, and the read breaks, too.
        }
    }

    private async Task ReadAsync()
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            RedisConnection? connection = null;
            try
            {
                connection = await client.OpenAsync(stopping).ConfigureAwait(false);
                await ReadFromAsync(connection).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                // Whatever it was, the subscription must not end over it.
                await PauseAsync(failure).ConfigureAwait(false);
            }
            finally
            {
                Interlocked.Exchange(ref _connectionId, -1);
                if (connection is not null)
                    await connection.DisposeAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task ReadFromAsync(RedisConnection connection)
    {
        var id = await connection.SendAsync(RedisCommand.Read("CLIENT", "ID")).ConfigureAwait(false);
        Interlocked.Exchange(ref _connectionId, id.Kind == RespKind.Integer ? id.Number : -1);
        while (!stopping.IsCancellationRequested)
        {
            var entries = await group.ReadAsync(connection, LongestWait).ConfigureAwait(false);
            if (_failures > 0)
                RedisTopicLog.ReadsAgain(logger, group.Topic);
            _failures = 0;
            if (entries is null)
                await group.CreateAsync(stopping).ConfigureAwait(false);
            else if (entries.Count > 0)
                await dispatch(entries).ConfigureAwait(false);
        }
    }

    private async Task PauseAsync(Exception failure)
    {
        if (stopping.IsCancellationRequested)
            return;
        var pause = FirstPause * Math.Pow(2, Math.Min(_failures++, 10));
        pause = pause < LongestPause ? pause : LongestPause;
        RedisTopicLog.ReadFailed(logger, group.Topic, pause, failure);
        try
        {
            await Task.Delay(pause, client.Time, stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The subscription ends.
        }
    }
}
