using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>Waits until the app's port accepts a connection, by TLS if that is its protocol: tried every 100 ms, without limit (contract 1.4, step 6).</summary>
internal sealed class AppProbe(SidecarOptions options, ILogger<AppProbe> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(5);

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
            await socket.ConnectAsync(options.AppChannelAddress.Trim('[', ']'), options.AppPort, cancellationToken).ConfigureAwait(false);
            return !AppProtocol.Of(options).IsTls || await HandshakesAsync(socket, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception notYet) when (notYet is SocketException or IOException or AuthenticationException)
        {
            return false;
        }
    }

    // An app that takes the connection and never speaks is asked again after a while.
    private async Task<bool> HandshakesAsync(TcpClient socket, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(HandshakeTimeout, options.Time);
        using var trying = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var tls = new SslStream(socket.GetStream());
        await using var owned = tls.ConfigureAwait(false);
        try
        {
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = options.AppChannelAddress, RemoteCertificateValidationCallback = (_, _, _, _) => true }, trying.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
