using System.Globalization;
using System.Net.NetworkInformation;

namespace Sidecar.Cli.Processes;

/// <summary>Who listens on a TCP port of this machine.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    public static bool IsListening(int port) =>
        IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port);

    /// <summary>As words after 'in use by': process number and name where this user may see them.</summary>
    public static string Describe(int port)
    {
        if (!OperatingSystem.IsLinux())
            return "another process";
        var sockets = new[] { "/proc/net/tcp", "/proc/net/tcp6" }.SelectMany(table => ListeningSockets(table, port)).ToHashSet();
        return FindProcess(sockets) is { } pid ? $"pid {pid} ({NameOf(pid)})" : "a process of another user";
    }

    // proc_net_tcp: sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode; addresses are hex, as ip:port.
    private static IEnumerable<string> ListeningSockets(string table, int port)
    {
        if (!File.Exists(table))
            yield break;
        foreach (var line in File.ReadLines(table).Skip(1))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var local = fields[1].AsSpan();
            if (fields[3] == Listening && int.Parse(local[(local.LastIndexOf(':') + 1)..], NumberStyles.HexNumber, CultureInfo.InvariantCulture) == port)
                yield return $"socket:[{fields[9]}]";
        }
    }

    private static int? FindProcess(HashSet<string> sockets)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), out var pid) && Holds(folder, sockets))
                return pid;
        }

        return null;
    }

    private static bool Holds(string process, HashSet<string> sockets)
    {
        try
        {
            return new DirectoryInfo($"{process}/fd").EnumerateFiles().Any(file => file.LinkTarget is { } target && sockets.Contains(target));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or belongs to another user: not one that can be named.
            return false;
        }
    }

    private static string NameOf(int pid)
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
            var program = Path.GetFileName(arguments.FirstOrDefault() ?? File.ReadAllText($"/proc/{pid}/comm").Trim());

            // For a program that runs programs, the second word is the telling one.
            return arguments.Length > 1 && !arguments[1].StartsWith('-') ? $"{program} {Path.GetFileName(arguments[1])}" : program;
        }
        catch (IOException)
        {
            return "just ended";
        }
    }
}
