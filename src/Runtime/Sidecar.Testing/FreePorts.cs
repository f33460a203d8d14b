using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Testing;

/// <summary>
/// Ports that nobody listens on. Taken below the ranges from which systems serve outgoing connections and from which
/// <c>dapr run</c> chooses, so that neither gets one in between; and in blocks that a process keeps for itself, so that test
/// processes that run at the same time do not hand out the same port.
/// </summary>
public static class FreePorts
{
    private const int First = 10_000;
    private const int BlockSize = 50;
    private const int Blocks = 200;

    /// <summary>As many ports as a process gives out before it begins again with the first.</summary>
    private const int MostBlocks = 10;

    private static readonly Lock Gate = new();
    private static readonly List<int> Ports = [];

    /// <summary>The claims: held open until the process ends, however it ends.</summary>
    private static readonly List<FileStream> Claims = [];

    private static int _next;

    /// <summary>A port of the loopback address that nobody listens on now, and that this process has not given out for long.</summary>
    public static int Next()
    {
        lock (Gate)
        {
            while (true)
            {
                if (_next == Ports.Count && !TryClaim())
                    _next = 0;
                if (Ports.Count == 0)
                    ShareAll();
                if (IsFree(Ports[_next++]))
                    return Ports[_next - 1];
            }
        }
    }

    private static bool TryClaim()
    {
        // Each process begins to look at another place.
        for (var offset = 0; offset < Blocks && Claims.Count < MostBlocks; offset++)
        {
            var first = First + (((Environment.ProcessId + offset) % Blocks) * BlockSize);
            try
            {
                var folder = Path.Combine(Path.GetTempPath(), "sidecar-testing-ports");
                if (FileLock.TryOpen(folder, first.ToString(CultureInfo.InvariantCulture)) is not { } claim)
                    continue;
                Claims.Add(claim);
                Ports.AddRange(Enumerable.Range(first, BlockSize));
                return true;
            }
            catch (Exception taken) when (taken is IOException or UnauthorizedAccessException)
            {
                // By another user, or nothing can be written.
            }
        }

        return false;
    }

    /// <summary>Nothing could be claimed, in a read-only file system perhaps: any port, from a place that depends on the process.</summary>
    private static void ShareAll()
    {
        const int Count = Blocks * BlockSize;
        Ports.AddRange(Enumerable.Range(0, Count).Select(index => First + (((Environment.ProcessId * 37) + index) % Count)));
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
