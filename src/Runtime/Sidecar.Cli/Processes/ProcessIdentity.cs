using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Sidecar.Cli.Processes;

/// <summary>A process that cannot be mistaken for a later one with the same number.</summary>
/// <param name="Started">When it started, in the clock of the system that runs it; only ever compared.</param>
internal sealed record ProcessIdentity(int Pid, string Started)
{
    private static readonly string BootId = OperatingSystem.IsLinux() ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : "";

    public static ProcessIdentity Current { get; } = Of(Environment.ProcessId)!;

    /// <summary>Still running, and not another process that took over its number. One that waits to be reaped is not running.</summary>
    [JsonIgnore]
    public bool IsAlive => Of(Pid) == this;

    /// <summary>The running process of that number; null when there is none.</summary>
    public static ProcessIdentity? Of(int pid) =>
        (OperatingSystem.IsLinux() ? StartedOnLinux(pid) : StartedElsewhere(pid)) is { } started ? new ProcessIdentity(pid, started) : null;

    /// <summary>Ends it and its process group, at once.</summary>
    public void Kill()
    {
        if (!IsAlive)
            return;
        if (OperatingSystem.IsWindows())
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill(entireProcessTree: true);
        }
        else if (!Signals.SendToGroup(Pid, Signals.Kill))
        {
            Signals.Send(Pid, Signals.Kill);
        }
    }

    // proc(5): the name stands in brackets and may hold anything; state is field 3, starttime (ticks since boot) field 22.
    private static string? StartedOnLinux(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : $"{BootId}:{fields[19]}";
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? StartedElsewhere(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return process.StartTime.ToUniversalTime().Ticks.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }
}
