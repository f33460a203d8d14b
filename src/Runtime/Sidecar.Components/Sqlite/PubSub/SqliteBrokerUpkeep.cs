using Microsoft.Extensions.Logging;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// What a broker does from time to time: look for messages whose wake-up was lost, free the leases of dead processes, and
/// delete what nobody needs any more.
/// </summary>
internal sealed class SqliteBrokerUpkeep : IAsyncDisposable
{
    private const int MostAtOnce = 500;
    private static readonly TimeSpan DeathWatch = TimeSpan.FromSeconds(2);

    private readonly SqliteBroker _broker;
    private readonly SqliteUpkeep _upkeep;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _duties;

    public SqliteBrokerUpkeep(SqliteBroker broker, SqliteUpkeep upkeep, ILogger logger)
    {
        (_broker, _upkeep, _logger) = (broker, upkeep, logger);
        _duties = Task.WhenAll(
            RepeatAsync(upkeep.Poll, PollAsync),
            RepeatAsync(DeathWatch, WatchAsync),
            RepeatAsync(upkeep.Cleanup, CleanAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _duties.ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task RepeatAsync(TimeSpan interval, Func<CancellationToken, Task> duty)
    {
        using var timer = new PeriodicTimer(interval, _broker.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stopping.Token).ConfigureAwait(false))
            {
                try
                {
                    await duty(_stopping.Token).ConfigureAwait(false);
                }
                catch (Exception failure) when (failure is not (OperationCanceledException or ObjectDisposedException or OutOfMemoryException))
                {
                    SqliteTopicLog.UpkeepFailed(_logger, _broker.File.Path, failure);
                }
            }
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
        {
            // Stopping.
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        var subscriptions = _broker.Subscriptions;
        if (subscriptions.Count == 0)
            return;
        List<(long, string)> groups = [.. subscriptions.Select(subscription => (subscription.GroupId, subscription.Topic)).Distinct()];
        var ready = await _broker.File.ReadAsync(new PollOperation(groups, _broker.Time.GetUtcNow()), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
        foreach (var subscription in subscriptions)
        {
            if (ready.Contains(subscription.GroupId))
                subscription.Wake();
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var subscriptions = _broker.Subscriptions;
        if (subscriptions.Count == 0)
            return;
        await _broker.FreeLeasesOfTheDeadAsync(cancellationToken).ConfigureAwait(false);

        // The system's clock went back: a retry that was due in seconds would wait for as long as the clock went.
        var groups = subscriptions.GroupBy(subscription => subscription.GroupId)
            .Select(group => (group.Key, group.Max(subscription => subscription.LongestPause))).ToList();
        var find = new FindUntimely(groups, _broker.Time.GetUtcNow());
        if (await _broker.File.ReadAsync(find, SqliteBroker.Limits, cancellationToken).ConfigureAwait(false) is not { Count: > 0 } untimely)
            return;
        await _broker.File.WriteAsync(new BringForward(untimely, _broker.Time.GetUtcNow()), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
        foreach (var subscription in subscriptions)
            subscription.Wake();
    }

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        var now = _broker.Time.GetUtcNow();
        while (await _broker.File.WriteAsync(new DeleteExpired(now, MostAtOnce), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false) == MostAtOnce)
        {
        }

        foreach (var topic in await _broker.File.ReadAsync(new ListTopics(), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false))
            await CleanAsync(topic, now - _upkeep.Retention, cancellationToken).ConfigureAwait(false);
    }

    private async Task CleanAsync(string topic, DateTimeOffset publishedBefore, CancellationToken cancellationToken)
    {
        for (long? after = 0; after is { } last;)
        {
            (var outlived, after) = await _broker.File.ReadAsync(
                new FindOutlived(topic, last, publishedBefore, MostAtOnce), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
            if (outlived.Count > 0)
                await _broker.File.WriteAsync(new DeleteMessages(outlived), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
        }
    }
}
