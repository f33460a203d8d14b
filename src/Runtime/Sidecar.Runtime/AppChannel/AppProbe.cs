using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>Waits until the app's port accepts a connection: tried every 100 ms, without limit (contract 1.4, step 6).</summary>
internal sealed class AppProbe(SidecarOptions options, ILogger<AppProbe> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    public async Task WaitForAppAsync(CancellationToken cancellationToken)
    {
        logger.WaitingForApp(options.AppPort);
        using var pause = new PeriodicTimer(Interval, options.Time);
        while (!await AnswersAsync(cancellationToken).ConfigureAwait(false))
            await pause.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
        logger.AppAnswers(options.AppPort);
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync(options.AppChannelAddress, options.AppPort, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
