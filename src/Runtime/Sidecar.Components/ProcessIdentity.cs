using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Sidecar.Components;

/// <summary>A process that cannot be mistaken for a later one with the same number, told apart by when and where it started.</summary>
/// <param name="Pid">Process id.</param>
/// <param name="Started">
/// On Linux <c>boot id/process namespace/clock ticks since boot</c>, elsewhere the start time in 100 ns. Only ever compared.
/// </param>
public sealed record ProcessIdentity(int Pid, string Started)
{
    private static readonly string Origin = OperatingSystem.IsLinux()
        ? $"{Read("/proc/sys/kernel/random/boot_id")}/{new FileInfo("/proc/self/ns/pid").LinkTarget}/"
        : "";

    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId) ?? new ProcessIdentity(Environment.ProcessId, "");

    /// <summary>
    /// False only when it is certain: another boot of the machine, or a process that is gone, waits to be reaped, or started at
    /// another time. A process of another container cannot be judged, and counts as alive.
    /// </summary>
    public bool IsAlive()
    {
        if (OperatingSystem.IsLinux() && Started.Split('/') is [var boot, var space, _] && $"{boot}/{space}/" is var origin && origin != Origin)
            return Origin.StartsWith($"{boot}/", StringComparison.Ordinal);
        return Of(Pid) == this;
    }

    /// <summary>The process that has this number now; null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) =>
        (OperatingSystem.IsLinux() ? StartedOnLinux(pid) : StartedElsewhere(pid)) is { } started ? new ProcessIdentity(pid, started) : null;

    // proc(5): the name stands in brackets and may hold anything; after it, state is field 3 of the line and starttime field 22.
    // Process.StartTime is computed from the wall clock and differs between two readers.
    private static string? StartedOnLinux(int pid)
    {
        var stat = Read($"/proc/{pid.ToString(CultureInfo.InvariantCulture)}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") ? Origin + fields[19] : null;
    }

    private static string? StartedElsewhere(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // Win32Exception: it runs, but under another user who lets nobody look; not one of ours.
            return null;
        }
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\n');
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
