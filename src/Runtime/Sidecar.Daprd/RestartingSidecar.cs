using System.Threading.Channels;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Daprd;

/// <summary>
/// A sidecar that can be started anew from its files without a new process, as SIGHUP asks (contract 1.4): process id and ports
/// stay, the app lives on and is asked again. Files that would keep it from starting are told, and it goes on as it was; what only
/// the start itself finds out is fatal, as at any start.
/// </summary>
internal sealed class RestartingSidecar(SidecarGroup group, SidecarOptions options, Action<string> writeLine)
{
    // One that waits is enough: the restart that it brings reads everything.
    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void AskForRestart() => _asked.Writer.TryWrite(true);

    /// <summary>Runs until it ends by itself or <paramref name="stop"/> asks for a graceful end; the exit code.</summary>
    /// <exception cref="SidecarStartException">It cannot start, at first or again.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        var sidecar = await group.StartAsync(options, stop);
        while (await RestartsAsync(sidecar, stop))
        {
            writeLine("SIGHUP: everything is read again, the runtime restarts in this process");
            await sidecar.DisposeAsync();
            // Ports that were chosen are known to the app by now.
            sidecar = await group.StartAsync(options with { HttpPort = sidecar.HttpPort, GrpcPort = sidecar.GrpcPort }, stop);
        }

        return await sidecar.Stopped;
    }

    /// <summary>false when it has ended; true when it is to end and start anew.</summary>
    private async Task<bool> RestartsAsync(SidecarInstance sidecar, CancellationToken stop)
    {
        using var onStop = stop.Register(() => _ = sidecar.StopAsync());
        while (true)
        {
            var asked = _asked.Reader.WaitToReadAsync(stop).AsTask();
            if (await Task.WhenAny(asked, sidecar.Stopped) != asked || !asked.IsCompletedSuccessfully || !_asked.Reader.TryRead(out _))
            {
                await sidecar.Stopped;
                return false;
            }

            var problems = sidecar.RestartProblems();
            if (problems.Count == 0)
                return true;
            writeLine($"SIGHUP: not restarted, everything stays as it was: {string.Join("; ", problems)}");
        }
    }
}
