using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Sidecar.Components;

/// <summary>
/// A process of this machine, told apart from a later one that got the same number: process id and start time. The start time
/// counts clock ticks since boot on Linux, and 100 ns since year 1 elsewhere; compare, never interpret.
/// </summary>
public readonly record struct ProcessIdentity(int Pid, long Started)
{
    public static ProcessIdentity Current { get; } = Find(Environment.ProcessId) ?? new ProcessIdentity(Environment.ProcessId, 0);

    /// <summary>True while that very process runs. A zombie that nobody has reaped counts as dead.</summary>
    public bool IsAlive => Find(Pid) is { } found && found.Started == Started;

    /// <summary>The process that has this number now, or null.</summary>
    public static ProcessIdentity? Find(int pid) =>
        StartOf(pid) is { } started ? new ProcessIdentity(pid, started) : null;

    private static long? StartOf(int pid)
    {
        try
        {
            if (OperatingSystem.IsLinux())
                return ParseStat(File.ReadAllText($"/proc/{pid}/stat"));
            using var process = Process.GetProcessById(pid);
            return process.HasExited ? null : process.StartTime.Ticks;
        }
        catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException or Win32Exception or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // pid (name, which may hold blanks and parentheses) state ppid … ; proc(5): field 3 is the state, field 22 the start time.
    private static long? ParseStat(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : long.Parse(fields[19], CultureInfo.InvariantCulture);
    }
}
