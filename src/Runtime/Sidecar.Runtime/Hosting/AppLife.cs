using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// What a sidecar does about its app, one turn at a time (contract 1.4, steps 6 to 9): (1) wait until its port answers; (2) with
/// health checks, wait until it is well for the first time; (3) ask it and subscribe; (4) from then on, tell the slices whenever
/// its health changes, and ask it again when it is another process than before.
/// </summary>
internal sealed class AppLife(
    SidecarOptions options, AppConnection app, AppProbe probe, AppRestarts restarts, FeatureTurns turns, SidecarState state, Action onServing, ILogger logger)
{
    private readonly CancellationTokenSource _probesEnd = new();
    private Task _probes = Task.CompletedTask;

    /// <summary>Completes after step 3; <see cref="FollowAsync"/> is step 4.</summary>
    public async Task BecomeReadyAsync(CancellationToken stopping)
    {
        if (options.HasApp)
            await probe.WaitForAppAsync(stopping).ConfigureAwait(false);
        if (app.Health is { } health)
        {
            // Of the sidecar's health routes none depends on the app's health (contract 2.17).
            Ready();
            _probes = health.ProbeAsync(logger, _probesEnd.Token);
            await health.Changes.ReadAsync(stopping).ConfigureAwait(false);
        }

        await turns.TellAsync(static (feature, token) => feature.OnAppReadyAsync(token), stopping).ConfigureAwait(false);
        if (app.Health is null)
            Ready();
    }

    /// <summary>Runs until it is cancelled.</summary>
    public Task FollowAsync(CancellationToken stopping) => Task.WhenAll(FollowHealthAsync(stopping), FollowRestartsAsync(stopping));

    /// <summary>The API stays up for that long, or until the app turns unhealthy (contract 1.1, <c>--dapr-block-shutdown-duration</c>).</summary>
    public async Task BlockShutdownAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(duration, options.Time);
        using var blocking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            logger.ShutdownBlocked(duration);
            await (app.Health?.UnhealthyAsync(blocking.Token) ?? Task.Delay(Timeout.Infinite, blocking.Token)).ConfigureAwait(false);
            logger.UnhealthyWhileBlocked();
        }
        catch (OperationCanceledException)
        {
            logger.BlockOver();
        }
    }

    public async Task EndProbesAsync()
    {
        await _probesEnd.CancelAsync().ConfigureAwait(false);
        await ((Task)_probes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _probesEnd.Dispose();
    }

    private async Task FollowHealthAsync(CancellationToken stopping)
    {
        if (app.Health is not { } health)
            return;
        await foreach (var isHealthy in health.Changes.ReadAllAsync(stopping).ConfigureAwait(false))
            await TellAsync((feature, token) => feature.OnAppHealthChangedAsync(isHealthy, token), logger.HealthTurnFailed, stopping).ConfigureAwait(false);
    }

    private async Task FollowRestartsAsync(CancellationToken stopping)
    {
        await foreach (var _ in restarts.All.ReadAllAsync(stopping).ConfigureAwait(false))
        {
            if (options.HasApp)
                await probe.WaitForAppAsync(stopping).ConfigureAwait(false);
            await TellAsync(static (feature, token) => feature.OnAppRestartedAsync(token), logger.RestartTurnFailed, stopping).ConfigureAwait(false);
        }
    }

    private void Ready()
    {
        state.Ready = true;
        onServing();
    }

    private Task TellAsync(Func<ISidecarFeature, CancellationToken, Task> what, Action<Exception> onFailure, CancellationToken stopping) => turns.TellAsync(
        async (feature, token) =>
        {
            try
            {
                await what(feature, token).ConfigureAwait(false);
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // The others are to be told all the same, and the next change is another chance.
                onFailure(failure);
            }
        },
        stopping);
}
