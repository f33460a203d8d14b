using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Sidecar.Runtime.Hosting;

/// <summary>Says who listens on a port, so that "address in use" comes with a name. Linux only: from /proc.</summary>
public static class PortOwner
{
    /// <summary>True when nothing listens on the loopback port.</summary>
    public static bool IsFree(int port) => CanBind(IPAddress.Loopback, port);

    /// <summary>True when the address is one of this machine's and nothing listens on its port.</summary>
    public static bool CanBind(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        // As Kestrel binds: a port in TIME_WAIT is free.
        if (!OperatingSystem.IsWindows())
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>A port of the loopback address that nobody holds at this moment.</summary>
    public static int FindFree()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary><c>process 1234 (dotnet Orders.dll)</c>, or <c>another process</c> where that cannot be told.</summary>
    public static string Describe(int port)
    {
        foreach (var table in (string[])["/proc/net/tcp", "/proc/net/tcp6"])
        {
            if (FindListener(table, port) is { } inode && FindHolder($"socket:[{inode}]") is { } holder)
                return holder;
        }

        return "another process";
    }

    // sl local_address rem_address st tx:rx tr:tm retrnsmt uid timeout inode …; state 0A = LISTEN
    private static string? FindListener(string table, int port)
    {
        if (!File.Exists(table))
            return null;
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is [_, var local, _, "0A", _, _, _, _, _, var inode, ..] && local.EndsWith(suffix, StringComparison.Ordinal))
                return inode;
        }

        return null;
    }

    private static string? FindHolder(string link)
    {
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
                continue;
            try
            {
                if (Directory.EnumerateFiles(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget == link))
                    return $"process {pid} ({CommandLine(process)})";
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or belongs to another user.
            }
        }

        return null;
    }

    private static string CommandLine(string process)
    {
        var text = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ').Trim();
        return text.Length > 120 ? text[..120] + "…" : text;
    }
}
