using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Redis;

/// <summary>
/// One consumer of a stream: reads new entries on a connection of its own, looks through the pending ones from time to time, and
/// begins handlers in the order of reading, as places become free.
/// </summary>
internal sealed class RedisSubscription : IAsyncDisposable
{
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(5);

    private readonly RedisConsumerGroup _group;
    private readonly RedisTopicOptions _options;
    private readonly SemaphoreSlim _places;
    private readonly PubSubHandler _handler;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Action<RedisSubscription> _ended;
    private readonly RedisStreamReader _reader;
    private readonly RedisPendingCheck _pendingCheck;

    /// <summary>Entries this consumer has and has not settled, begun or not.</summary>
    private readonly ConcurrentDictionary<string, HandlerLimit> _held = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _underWay = 1;
    private int _disposed;

    public RedisSubscription(
        RedisClient client, RedisConsumerGroup group, RedisTopicOptions options, SemaphoreSlim places, PubSubHandler handler, ILogger logger,
        Action<RedisSubscription> ended)
    {
        (_group, _options, _places, _handler, _logger, _time, _ended) = (group, options, places, handler, logger, client.Time, ended);
        _reader = new RedisStreamReader(client, group, logger, DispatchAsync, _stopping.Token);
        _pendingCheck = new RedisPendingCheck(client.Time, group, options, logger, _held.ContainsKey, DispatchAsync, _stopping.Token);
    }

    public string Topic => _group.Topic;

    /// <summary>There may be something pending.</summary>
    public void LookThrough() => _pendingCheck.Wake();

    public void Start()
    {
        _reader.Start();
        if (_options.Redelivers)
            _pendingCheck.Start();
    }

    /// <summary>
    /// 1. Reads no more. 2. Gives handlers time to end. 3. Cancels the others. 4. Lets those who look through the pending entries
    /// find what was not settled.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        // 1.
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _reader.StopAsync().ConfigureAwait(false);
        await _pendingCheck.StopAsync().ConfigureAwait(false);

        // 2.
        Leave();
        if (!await DrainedAsync().ConfigureAwait(false))
        {
            // 3.
            foreach (var limit in _held.Values)
                await limit.CancelAsync().ConfigureAwait(false);
            if (!await DrainedAsync().ConfigureAwait(false))
                RedisTopicLog.HandlersLeftBehind(_logger, Volatile.Read(ref _underWay), Topic);
        }

        // 4.
        await GiveBackAsync([.. _held.Keys]).ConfigureAwait(false);
        _ended(this);
    }

    private async Task<bool> DrainedAsync()
    {
        try
        {
            await _drained.Task.WaitAsync(DrainTimeout, _time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Begins a handler for each entry, in their order; those that are not begun when the subscription stops stay held.</summary>
    private async Task DispatchAsync(IReadOnlyList<RedisStreamEntry> entries)
    {
        var read = entries.Select(entry => (Entry: entry, Limit: new HandlerLimit())).ToList();
        foreach (var (entry, limit) in read)
            _held[entry.Id] = limit;
        foreach (var (entry, limit) in read)
        {
            try
            {
                await _places.WaitAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            // The place may have become free at the very moment of the stop, and nothing begins after that.
            if (!_stopping.IsCancellationRequested && await IsStillOursAsync(entry).ConfigureAwait(false))
            {
                // Runs up to its first await here, which makes handlers begin in order; the count of those under way owns it.
                Interlocked.Increment(ref _underWay);
                _ = HandleAsync(entry, limit);
                continue;
            }

            _places.Release();
            if (_stopping.IsCancellationRequested)
                return;
            _held.TryRemove(entry.Id, out _);
        }
    }

    /// <summary>
    /// The server counts an entry's idle time from the read; one that had to wait for a place may meanwhile be somebody else's,
    /// or soon will be, and then it is claimed anew before it begins.
    /// </summary>
    private async ValueTask<bool> IsStillOursAsync(RedisStreamEntry entry)
    {
        var waited = _time.GetElapsedTime(entry.ReadAt);
        if (!_options.Redelivers || waited < _options.ProcessingTimeout / 10)
            return true;
        try
        {
            // An entry that another has claimed has been idle for less. The slack is for the way to the server and back.
            return await _group.TryKeepAsync(entry.Id, waited * 0.9, _stopping.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is ComponentException or OperationCanceledException)
        {
            return false;
        }
    }

    private async Task HandleAsync(RedisStreamEntry entry, HandlerLimit limit)
    {
        var token = limit.Start(_options.ProcessingTimeout, _time);
        var isHandled = false;
        try
        {
            isHandled = await _handler(entry.Message, token).ConfigureAwait(false) == Delivery.Ack;
            if (!isHandled && !IsLeft(token))
                RedisTopicLog.HandlerFailed(_logger, entry.Id, Topic, null);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            if (!IsLeft(token))
                RedisTopicLog.HandlerFailed(_logger, entry.Id, Topic, failure);
        }

        _places.Release();
        if (isHandled || !IsLeft(token))
        {
            await AcknowledgeAsync(entry.Id).ConfigureAwait(false);
        }
        else if (!_stopping.IsCancellationRequested)
        {
            RedisTopicLog.LeftPending(_logger, entry.Id, Topic);
            _held.TryRemove(entry.Id, out _);
        }

        limit.Dispose();
        Leave();
    }

    /// <summary>What fails then has not been refused: it is for another to handle.</summary>
    private bool IsLeft(CancellationToken handlerToken) => handlerToken.IsCancellationRequested || _stopping.IsCancellationRequested;

    private async Task AcknowledgeAsync(string id)
    {
        try
        {
            await _group.AcknowledgeAsync([id], CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            RedisTopicLog.AcknowledgeFailed(_logger, id, Topic, failure);
            _pendingCheck.AcknowledgeLater(id);
        }

        _held.TryRemove(id, out _);
    }

    private async Task GiveBackAsync(IReadOnlyCollection<string> ids)
    {
        if (ids.Count == 0 || _options.ProcessingTimeout <= TimeSpan.Zero)
            return;
        try
        {
            await _group.GiveBackAsync(ids, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            RedisTopicLog.GiveBackFailed(_logger, ids.Count, Topic, failure);
        }
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _underWay) == 0)
            _drained.TrySetResult();
    }

    /// <summary>The time a handler has; it begins with the handler.</summary>
    private sealed class HandlerLimit : IDisposable
    {
        private readonly Lock _lock = new();
        private CancellationTokenSource? _source;
        private bool _isOver;

        public CancellationToken Start(TimeSpan timeout, TimeProvider time)
        {
            lock (_lock)
                _source = timeout > TimeSpan.Zero ? new CancellationTokenSource(timeout, time) : new CancellationTokenSource();
            return _source.Token;
        }

        public Task CancelAsync()
        {
            lock (_lock)
                return _isOver ? Task.CompletedTask : _source?.CancelAsync() ?? Task.CompletedTask;
        }

        public void Dispose()
        {
            lock (_lock)
                _isOver = true;
            _source?.Dispose();
        }
    }
}
