using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Redis;

/// <summary>
/// A server for many callers, on one connection that is made again when it breaks. The components of a process that have equal
/// options share one.
/// </summary>
internal sealed class RedisClient(RedisOptions options, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Short, because whoever calls waits for it in addition to the pauses of its own.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    private readonly RedisDialer _dialer = new(options, time);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private Task<RedisConnection>? _connecting;
    private int _failures;
    private long _failedAt;

    public RedisOptions Options => options;

    public TimeProvider Time => time;

    public static SharedLease<RedisClient> Acquire(ComponentContext context, RedisOptions options, string purpose = "") =>
        context.Shared.Acquire($"{purpose}{options.Key}", () => new RedisClient(options, context.Time, context.Logger));

    /// <summary>
    /// The reply, which may be an error. Tried again are: commands of which surely nothing was sent, repeatable ones, and those
    /// that the server refused for a reason that passes.
    /// </summary>
    /// <exception cref="ComponentException">The server could not be reached, or went away before it answered.</exception>
    public Task<RespReply> ExecuteAsync(RedisCommand command, RedisRetries retries, CancellationToken cancellationToken) =>
        TryAsync(
            connection => connection.SendAsync(command), static reply => RedisErrors.IsPassing(reply), static reply => RedisErrors.IsOfReplica(reply),
            command.IsRepeatable, command.Name, retries, cancellationToken);

    /// <summary>All commands one behind the other; the reply to each.</summary>
    /// <inheritdoc cref="ExecuteAsync(RedisCommand, RedisRetries, CancellationToken)"/>
    public Task<RespReply[]> ExecuteAsync(IReadOnlyList<RedisCommand> commands, RedisRetries retries, CancellationToken cancellationToken) =>
        TryAsync(
            connection => connection.SendAsync(commands), static replies => RedisErrors.IsPassing(replies[0]), static replies => RedisErrors.IsOfReplica(replies[0]),
            isRepeatable: false, commands[0].Name, retries, cancellationToken);

    /// <summary>Waits until the server answers, or the token ends.</summary>
    /// <exception cref="ComponentException">It does not let us in, or was not to be reached until the token ended.</exception>
    public async Task WaitUntilReachableAsync(CancellationToken cancellationToken)
    {
        var reason = $"{options.Address} does not answer";
        var hasTold = false;
        try
        {
            while (await FindObstacleAsync(cancellationToken).ConfigureAwait(false) is { } obstacle)
            {
                reason = obstacle;
                if (!hasTold)
                    RedisLog.Waiting(logger, reason);
                hasTold = true;
                await Task.Delay(LongestPause, time, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException end)
        {
            throw new ComponentException(reason, end);
        }
    }

    /// <summary>A connection of one's own, for commands that make the server wait.</summary>
    /// <exception cref="RedisConnectionException">The server cannot be reached.</exception>
    /// <exception cref="RedisRefusedException">It does not let us in.</exception>
    public Task<RedisConnection> OpenAsync(CancellationToken cancellationToken) => _dialer.ConnectAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        if (_connecting is { } connecting)
        {
            try
            {
                await (await connecting.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is RedisConnectionException or RedisRefusedException or OperationCanceledException or ComponentException)
            {
                // There was no connection.
            }
        }

        _stopping.Dispose();
    }

    /// <summary>What passes by itself and keeps the server from serving; null if nothing does.</summary>
    private async Task<string?> FindObstacleAsync(CancellationToken cancellationToken)
    {
        try
        {
            var connection = await ConnectedAsync(cancellationToken).ConfigureAwait(false);
            var reply = await connection.SendAsync(RedisCommand.Read("PING")).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!reply.IsError)
                return null;
            return RedisErrors.IsPassing(reply) ? RedisErrors.Of(reply).Message : throw RedisErrors.Of(reply);
        }
        catch (RedisConnectionException failure)
        {
            return failure.Message;
        }
        catch (RedisRefusedException refusal)
        {
            throw new ComponentException(refusal.Message, refusal);
        }
    }

    private async Task<T> TryAsync<T>(
        Func<RedisConnection, Task<T>> send, Func<T, bool> isPassing, Func<T, bool> isOfReplica,
        bool isRepeatable, string name, RedisRetries retries, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            RedisConnection? connection = null;
            try
            {
                connection = await ConnectedAsync(cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                var reply = await send(connection).WaitAsync(cancellationToken).ConfigureAwait(false);
                if (attempt >= retries.Most || !isPassing(reply))
                    return reply;
                if (isOfReplica(reply))
                    await connection.DisposeAsync().ConfigureAwait(false);
            }
            catch (RedisConnectionException failure) when (attempt < retries.Most && (failure.WasNotSent || isRepeatable))
            {
                RedisLog.TryingAgain(logger, name, failure.Message);
            }
            catch (RedisConnectionException failure)
            {
                var outcome = failure.WasNotSent || isRepeatable ? "" : "; whether the server has done it is not known";
                throw new ComponentException(connection is null ? failure.Message : $"{options.Address} did not answer {name}: {failure.Message}{outcome}", failure);
            }
            catch (RedisRefusedException refusal)
            {
                throw new ComponentException(refusal.Message, refusal);
            }

            await Task.Delay(retries.Pause(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private Task<RedisConnection> ConnectedAsync(CancellationToken cancellationToken)
    {
        Task<RedisConnection> connecting;
        lock (_lock)
        {
            if (_connecting is null or { IsCanceled: true } or { IsFaulted: true } or { IsCompletedSuccessfully: true, Result.IsBroken: true })
            {
                ObjectDisposedException.ThrowIf(_stopping.IsCancellationRequested, this);
                _connecting = ConnectAsync(_connecting);
            }

            connecting = _connecting;
        }

        return connecting.IsCompletedSuccessfully ? connecting : connecting.WaitAsync(cancellationToken);
    }

    private async Task<RedisConnection> ConnectAsync(Task<RedisConnection>? earlier)
    {
        // Not under the lock of the caller.
        await Task.Yield();
        if (earlier is { IsCompletedSuccessfully: true })
        {
            var broken = await earlier.ConfigureAwait(false);
            RedisLog.ConnectionLost(logger, options.Address);
            await broken.DisposeAsync().ConfigureAwait(false);
        }

        try
        {
            if (_failures > 0)
                await Task.Delay(PauseLeft(), time, _stopping.Token).ConfigureAwait(false);
            var connection = await _dialer.ConnectAsync(_stopping.Token).ConfigureAwait(false);
            _failures = 0;
            return connection;
        }
        catch
        {
            _failures++;
            _failedAt = time.GetTimestamp();
            throw;
        }
    }

    private TimeSpan PauseLeft()
    {
        var pause = FirstPause * Math.Pow(2, Math.Min(_failures, 10) - 1);
        var left = (pause < LongestPause ? pause : LongestPause) - time.GetElapsedTime(_failedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
