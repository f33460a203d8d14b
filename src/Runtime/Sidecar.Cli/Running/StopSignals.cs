using System.Runtime.InteropServices;

namespace Sidecar.Cli.Running;

/// <summary>Ctrl-C and its kin: the first asks the run to end, the second insists.</summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly CancellationTokenSource _insisted = new();
    private readonly Lock _lock = new();
    private readonly PosixSignalRegistration[] _registrations;
    private bool _first = true;

    public StopSignals() => _registrations =
        [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Insisted => _insisted.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        CancellationTokenSource next;
        lock (_lock)
        {
            next = _first ? _asked : _insisted;
            _first = false;
        }

        next.Cancel();
    }
}
