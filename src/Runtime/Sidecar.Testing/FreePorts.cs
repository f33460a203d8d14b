using System.Net;
using System.Net.Sockets;

namespace Sidecar.Testing;

/// <summary>Ports that nobody listens on. Taken below the ephemeral range, so that no outgoing connection gets one in between.</summary>
public static class FreePorts
{
    private static readonly Lock Gate = new();
    private static int _next = 10_000 + (Environment.ProcessId * 37 % 20_000);

    /// <summary>A port of the loopback address that nobody listens on now, and that this process has not given out for long.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                _next = _next >= 32_000 ? 10_000 : _next + 1;
                if (IsFree(_next))
                    return _next;
            }
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
