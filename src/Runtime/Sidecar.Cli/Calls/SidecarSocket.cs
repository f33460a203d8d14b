using System.Net.Sockets;

namespace Sidecar.Cli.Calls;

/// <summary>The socket on which a sidecar's HTTP API listens in place of a port (contract 1.1).</summary>
internal static class SidecarSocket
{
    public static string FileIn(string folder, string appId) => Path.Combine(folder, $"dapr-{appId}-http.socket");

    /// <summary>Connects there, whatever the host of a request is.</summary>
    public static SocketsHttpHandler Handler(string file)
    {
        var endPoint = new UnixDomainSocketEndPoint(file);
        return new SocketsHttpHandler
        {
            UseProxy = false,
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(endPoint, cancellationToken);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
    }
}
