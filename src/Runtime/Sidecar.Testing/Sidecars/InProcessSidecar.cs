using Sidecar.Runtime.Faults;
using Sidecar.Runtime.Hosting;
using Sidecar.Testing.Faults;

namespace Sidecar.Testing.Sidecars;

/// <summary>A sidecar of ours in the test's process. Each of its lives has wires of its own, which a crash cuts.</summary>
internal sealed class InProcessSidecar(SidecarGroup group, SidecarOptions options, Func<SidecarWires> newWires, FakeClock? clock) : ISidecarRunner
{
    // What the first timer of a sidecar that waits for its app needs, see AppProbe.
    private static readonly TimeSpan Nudge = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RealPause = TimeSpan.FromMilliseconds(50);

    private SidecarInstance? _running;
    private SidecarWires? _wires;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_running is not null)
            throw new InvalidOperationException($"The sidecar of {options.AppId} runs already.");
        var wires = _wires = newWires();
        _running = await group.StartAsync(
            options with
            {
                Catalog = WiredComponents.Wrap(options.Catalog, wires),
                WrapAppTransport = inner => new FaultingTransport(wires, options.WrapAppTransport?.Invoke(inner) ?? inner),
            },
            cancellationToken).ConfigureAwait(false);
    }

    // On a clock that stands still, a sidecar that found its app not yet there would never look again.
    public Task HealthyAsync(CancellationToken cancellationToken) => WhileTimePassesAsync(_running!.Healthy, cancellationToken);

    public Task StopAsync() => EndAsync(sidecar => sidecar.StopAsync());

    public Task CrashAsync()
    {
        _wires?.Cut();
        return EndAsync(sidecar => sidecar.KillAsync());
    }

    public async ValueTask DisposeAsync() => await StopAsync().ConfigureAwait(false);

    private async Task EndAsync(Func<SidecarInstance, Task> end)
    {
        if (Interlocked.Exchange(ref _running, null) is not { } running)
            return;

        // The limits of a stop are limits of the sidecar's own time.
        await WhileTimePassesAsync(end(running), CancellationToken.None).ConfigureAwait(false);
        await running.DisposeAsync().ConfigureAwait(false);
    }

    private async Task WhileTimePassesAsync(Task task, CancellationToken cancellationToken)
    {
        if (clock is null)
        {
            await task.WaitAsync(cancellationToken).ConfigureAwait(false);
            return;
        }

        while (await Task.WhenAny(task, Task.Delay(RealPause, cancellationToken)).ConfigureAwait(false) != task)
        {
            cancellationToken.ThrowIfCancellationRequested();
            clock.Advance(Nudge);
        }

        await task.ConfigureAwait(false);
    }
}
