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
                catch (ComponentException failure)
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

    private Task WatchAsync(CancellationToken cancellationToken) =>
        _broker.Subscriptions.Count == 0 ? Task.CompletedTask : _broker.FreeLeasesOfTheDeadAsync(cancellationToken);

    private async Task CleanAsync(CancellationToken cancellationToken)
    {
        var now = _broker.Time.GetUtcNow();
        while (await _broker.File.WriteAsync(new DeleteExpired(now, MostAtOnce), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false) == MostAtOnce)
        {
        }

        for (long? after = 0; after is { } last;)
        {
            (var outlived, after) = await _broker.File.ReadAsync(
                new FindOutlived(last, now - _upkeep.Retention, MostAtOnce), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
            if (outlived.Count > 0)
                await _broker.File.WriteAsync(new DeleteMessages(outlived), SqliteBroker.Limits, cancellationToken).ConfigureAwait(false);
        }
    }
}
