using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// One consumer: claims as many messages as it has free places, starts their handlers in the order of the claim, and
/// settles each when its handler is through.
/// </summary>
internal sealed class SqliteSubscription : IAsyncDisposable
{
    /// <summary>The handler is cancelled this long before the lease ends, so that it hears of it before another consumer has the message.</summary>
    private static readonly TimeSpan LeaseGrace = TimeSpan.FromSeconds(1);

    private readonly SqliteBroker _broker;
    private readonly SqliteTopicOptions _options;
    private readonly PubSubHandler _handler;
    private readonly ILogger _logger;
    private readonly ClaimRequest _place;
    private readonly ConcurrentDictionary<ClaimedMessage, ClaimLimit> _underWay = new(ReferenceEqualityComparer.Instance);
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Signal _signal = new();
    private readonly Lock _ackLock = new();
    private readonly Lock _timerLock = new();
    private readonly ITimer _timer;
    private long _timerDue = long.MaxValue;
    private AckOperation? _acks;
    private Task _pump = Task.CompletedTask;
    private int _inFlight;
    private int _disposed;
    private volatile bool _hasBacklog;
    private volatile bool _stopping;
    private volatile bool _draining;
    private volatile bool _cancelled;

    public SqliteSubscription(SqliteBroker broker, SqliteTopicOptions options, Place place, PubSubHandler handler, ILogger logger)
    {
        (_broker, _options, _handler, _logger) = (broker, options, handler, logger);
        _place = new ClaimRequest(place.Topic, place.GroupId, place.ConsumerId, options.MaxInFlight, options.ProcessingTimeout + LeaseGrace);
        _timer = broker.Time.CreateTimer(_ => OnDue(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    internal sealed record Place(string Topic, long GroupId, long ConsumerId);

    public string Topic => _place.Topic;

    public long GroupId => _place.GroupId;

    /// <summary>No message waits longer than this for its retry.</summary>
    public TimeSpan LongestPause => _options.RedeliverAfter(int.MaxValue);

    public void Start() => _pump = PumpAsync();

    /// <summary>There may be something to claim.</summary>
    public void Wake() => _signal.Set();

    /// <summary>
    /// 1. Claims no more. 2. Gives handlers time to end. 3. Cancels the others. 4. Gives back, without counting the attempt,
    /// what was not acknowledged.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;

        // 1.
        _stopping = true;
        Wake();
        await _pump.ConfigureAwait(false);

        // Only now does no handler begin any more. Whoever is later, this line or the last handler, sees the other.
        _draining = true;
        if (Interlocked.Add(ref _inFlight, 0) == 0)
            _drained.TrySetResult();

        // 2.
        if (!await DrainedAsync().ConfigureAwait(false))
        {
            // 3.
            _cancelled = true;
            foreach (var limit in _underWay.Values.Distinct())
                await limit.CancelAsync().ConfigureAwait(false);

            // 4. Those that end now give back their message themselves.
            if (!await DrainedAsync().ConfigureAwait(false))
            {
                SqliteTopicLog.HandlersLeftBehind(_logger, _underWay.Count, Topic);
                await GiveBackAsync([.. _underWay.Keys]).ConfigureAwait(false);
            }
        }

        _broker.Remove(this);
        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<bool> DrainedAsync()
    {
        try
        {
            await _drained.Task.WaitAsync(_options.DrainTimeout, _broker.Time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task PumpAsync()
    {
        while (!_stopping)
        {
            // Set before the claim, so that a handler that ends during it is not overlooked.
            _hasBacklog = true;
            var free = _options.MaxInFlight - Volatile.Read(ref _inFlight);
            if (free > 0)
            {
                var claim = await ClaimAsync(free).ConfigureAwait(false);
                if (_stopping)
                {
                    await GiveBackAsync(claim.Messages).ConfigureAwait(false);
                    return;
                }

                Begin(claim.Messages);
                _hasBacklog = claim.HasMore;
                if (claim.HasMore && Volatile.Read(ref _inFlight) < _options.MaxInFlight)
                    continue;
                WakeAt(claim.NextDue ?? long.MaxValue);
            }

            await _signal.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<Claim> ClaimAsync(int free)
    {
        try
        {
            var claim = new ClaimOperation(_place with { Most = free }, _broker.Time.GetUtcNow());
            return await _broker.File.WriteAsync(claim, SqliteBroker.Limits, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // Whatever it was, the subscription must not end over it. The next poll, or the next message, tries again.
            SqliteTopicLog.ClaimFailed(_logger, Topic, failure);
            return new Claim([], HasMore: false, NextDue: null);
        }
    }

    private void Begin(IReadOnlyList<ClaimedMessage> messages)
    {
        if (messages.Count == 0)
            return;
        var limit = new ClaimLimit(messages.Count, _options.ProcessingTimeout, _broker.Time);
        Interlocked.Add(ref _inFlight, messages.Count);
        foreach (var message in messages)
            _underWay[message] = limit;

        // Each runs up to its first await here, which makes handlers begin in order; the count of those under way owns them.
        foreach (var message in messages)
            _ = HandleAsync(message, limit);
    }

    private async Task HandleAsync(ClaimedMessage message, ClaimLimit limit)
    {
        var delivery = await CallAsync(message, limit.Token).ConfigureAwait(false);
        limit.Release();
        if (delivery == Delivery.Ack)
        {
            Acknowledge(message);
            return;
        }

        await ReturnAsync(message).ConfigureAwait(false);
        End([message]);
    }

    /// <summary>Their places are free again.</summary>
    private void End(IReadOnlyList<ClaimedMessage> messages)
    {
        foreach (var message in messages)
            _underWay.TryRemove(message, out _);
        if (Interlocked.Add(ref _inFlight, -messages.Count) == 0 && _draining)
            _drained.TrySetResult();
        else if (_hasBacklog)
            Wake();
    }

    private async Task<Delivery> CallAsync(ClaimedMessage message, CancellationToken cancellationToken)
    {
        try
        {
            return await _handler(message.Message, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            SqliteTopicLog.HandlerCancelled(_logger, message.Id, Topic);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            SqliteTopicLog.HandlerFailed(_logger, message.Id, Topic, message.Attempt, failure);
        }

        return Delivery.Nack;
    }

    /// <summary>All that are handled until the writer gets to it are settled together.</summary>
    private void Acknowledge(ClaimedMessage message)
    {
        AckOperation acks;
        lock (_ackLock)
        {
            if (_acks?.TryAdd(message) == true)
                return;
            _acks = acks = new AckOperation(GroupId);
            acks.TryAdd(message);
        }

        _ = RecordAsync(acks);
    }

    private async Task RecordAsync(AckOperation acks)
    {
        try
        {
            await _broker.File.WriteAsync(acks, SqliteBroker.Limits, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            acks.Close();
            foreach (var message in acks.Messages)
                SqliteTopicLog.SettleFailed(_logger, message.Id, Topic, failure);
        }

        lock (_ackLock)
        {
            // Its messages need not be kept until the next one is handled.
            if (_acks == acks)
                _acks = null;
        }

        End(acks.Messages);
    }

    private async Task ReturnAsync(ClaimedMessage message)
    {
        // What a consumer leaves behind when it ends is no failed attempt, and the next consumer need not wait for it.
        if (_cancelled || _stopping)
        {
            await GiveBackAsync([message]).ConfigureAwait(false);
            return;
        }

        var due = (_broker.Time.GetUtcNow() + _options.RedeliverAfter(message.Attempt)).ToUnixTimeMilliseconds();
        await RecordAsync(message, new ReturnOperation(_place, message, due, countsAsAttempt: true)).ConfigureAwait(false);
        WakeAt(due);
    }

    private async Task GiveBackAsync(IReadOnlyCollection<ClaimedMessage> messages)
    {
        if (messages.Count == 0)
            return;
        var now = _broker.Time.GetUtcNow().ToUnixTimeMilliseconds();
        await Task.WhenAll(messages.Select(message => RecordAsync(message, new ReturnOperation(_place, message, now, countsAsAttempt: false)))).ConfigureAwait(false);
        _broker.Announce(Topic);
    }

    private async Task RecordAsync(ClaimedMessage message, SqliteOperation<int> outcome)
    {
        try
        {
            await _broker.File.WriteAsync(outcome, SqliteBroker.Limits, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            SqliteTopicLog.SettleFailed(_logger, message.Id, Topic, failure);
        }
    }

    /// <summary>Looks again at that time (ms), unless it is to look earlier anyway.</summary>
    private void WakeAt(long due)
    {
        lock (_timerLock)
        {
            if (due >= _timerDue)
                return;
            _timerDue = due;
            var wait = due - _broker.Time.GetUtcNow().ToUnixTimeMilliseconds();

            // One more millisecond, because the timer and the clock are not the same.
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, wait) + 1), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDue()
    {
        lock (_timerLock)
            _timerDue = long.MaxValue;
        Wake();
    }
}
