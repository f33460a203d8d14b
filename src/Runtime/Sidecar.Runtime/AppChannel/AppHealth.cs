using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// Whether the app is well, by probes (contract 2.17). Unhealthy until the first success; from then on each
/// failure counts, successes in between reset nothing, and at the threshold the app is unhealthy until a success.
/// </summary>
internal sealed class AppHealth(AppHealthOptions options, IHealthCheck check, TimeProvider time)
{
    private readonly Channel<bool> _changes = Channel.CreateUnbounded<bool>(new UnboundedChannelOptions { SingleWriter = true });
    private volatile bool _isHealthy;
    private int _failures;

    public bool IsHealthy => _isHealthy;

    /// <summary>Each change, in order; the first is the first success.</summary>
    public ChannelReader<bool> Changes => _changes.Reader;

    /// <summary>Probes at once and then at each interval, until it is cancelled.</summary>
    public async Task ProbeAsync(ILogger logger, CancellationToken cancellationToken)
    {
        using var pause = new PeriodicTimer(options.Interval, time);
        do
            await ProbeOnceAsync(logger, cancellationToken).ConfigureAwait(false);
        while (await pause.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Completes when the app is not healthy. Takes what is left of <see cref="Changes"/>.</summary>
    public async Task UnhealthyAsync(CancellationToken cancellationToken)
    {
        while (_isHealthy)
            await _changes.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task ProbeOnceAsync(ILogger logger, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Timeout, time);
        using var probing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            Count(await check.IsWellAsync(probing.Token).ConfigureAwait(false), logger);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            Count(false, logger);
        }
    }

    private void Count(bool isWell, ILogger logger)
    {
        if (isWell == _isHealthy)
            return;
        if (isWell)
        {
            _failures = 0;
            logger.AppHealthy();
        }
        else
        {
            if (++_failures < options.Threshold)
                return;
            logger.AppUnhealthy(_failures);
        }

        _isHealthy = isWell;
        _changes.Writer.TryWrite(isWell);
    }
}
