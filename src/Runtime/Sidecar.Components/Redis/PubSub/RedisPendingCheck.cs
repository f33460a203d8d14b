using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Redis;

/// <summary>
/// Looks through the entries that consumers of a group have read and not acknowledged: at its start, at each interval, and when
/// woken. Those idle for long enough, whoever has them, are claimed and dispatched.
/// </summary>
internal sealed class RedisPendingCheck(
    TimeProvider time, RedisConsumerGroup group, RedisTopicOptions options, ILogger logger,
    Func<string, bool> isHeld, Func<IReadOnlyList<RedisStreamEntry>, Task> dispatch, CancellationToken stopping)
{
    private const string Oldest = "-";

    private readonly ConcurrentDictionary<string, bool> _handled = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _woken = new(0, 1);
    private Task _looking = Task.CompletedTask;

    public void Start() => _looking = LookAsync();

    public Task StopAsync() => _looking;

    public void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // It will look anyway.
        }
    }

    /// <summary>The entry is done with, only the server does not know yet.</summary>
    public void AcknowledgeLater(string id)
    {
        if (options.Redelivers)
            _handled[id] = true;
    }

    private async Task LookAsync()
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (!_handled.IsEmpty)
                    await AcknowledgeHandledAsync().ConfigureAwait(false);
                await ClaimAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                RedisTopicLog.ClaimFailed(logger, group.Topic, failure);
            }

            await WaitAsync().ConfigureAwait(false);
        }
    }

    private async Task WaitAsync()
    {
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        await Task.WhenAny(_woken.WaitAsync(wait.Token), Task.Delay(options.RedeliverInterval, time, wait.Token)).ConfigureAwait(false);
        await wait.CancelAsync().ConfigureAwait(false);
    }

    private async Task AcknowledgeHandledAsync()
    {
        var ids = _handled.Keys.ToList();
        await group.AcknowledgeAsync(ids, stopping).ConfigureAwait(false);
        foreach (var id in ids)
            _handled.TryRemove(id, out _);
    }

    private async Task ClaimAsync()
    {
        var from = Oldest;
        while (!stopping.IsCancellationRequested)
        {
            var pending = await group.ListPendingAsync(from, options.QueueDepth, stopping).ConfigureAwait(false);
            List<string> idle = [.. pending.Where(entry => entry.Idle >= options.ProcessingTimeout && !isHeld(entry.Id) && !_handled.ContainsKey(entry.Id)).Select(entry => entry.Id)];
            if (idle.Count > 0)
            {
                // Not to be broken off: what the server has given us is ours to handle or to give back.
                var claimed = await group.ClaimAsync(idle, options.ProcessingTimeout, CancellationToken.None).ConfigureAwait(false);
                await dispatch(claimed).ConfigureAwait(false);
            }

            if (pending.Count < options.QueueDepth)
                return;
            from = RedisStreamEntry.After(pending[^1].Id);
        }
    }
}
