using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running.Apps;

/// <summary>Whether the app listens on its port.</summary>
internal sealed class AppPort(RunApp app, TimeProvider time)
{
    private static readonly TimeSpan OpenPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClosePause = TimeSpan.FromSeconds(1);

    /// <summary>True also for an app without a port.</summary>
    public async Task<bool> IsOpenAsync(CancellationToken cancellationToken)
    {
        if (app.AppPort <= 0)
            return true;
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(app.AppChannelAddress, app.AppPort, cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    public async Task OpensAsync(CancellationToken cancellationToken)
    {
        while (!await IsOpenAsync(cancellationToken))
            await Task.Delay(OpenPause, time, cancellationToken);
    }

    /// <summary>
    /// Never returns for an app on another machine. The system is asked, not the app: one that a debugger has halted would
    /// collect connections until none more can be made.
    /// </summary>
    public async Task ClosesAsync(CancellationToken cancellationToken)
    {
        while (!IsLocal() || HasListener())
            await Task.Delay(ClosePause, time, cancellationToken);
    }

    private bool HasListener()
    {
        try
        {
            return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == app.AppPort);
        }
        catch (NetworkInformationException)
        {
            // A system that does not say: then it cannot be told that the app has gone.
            return true;
        }
    }

    private bool IsLocal() =>
        app.AppChannelAddress.Equals("localhost", StringComparison.OrdinalIgnoreCase) ||
        (IPAddress.TryParse(app.AppChannelAddress.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
