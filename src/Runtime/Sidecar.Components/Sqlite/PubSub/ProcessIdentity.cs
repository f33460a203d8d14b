using System.Diagnostics;
using System.Globalization;

namespace Sidecar.Components.Sqlite;

/// <summary>
/// Names one broker of one process so that another process can tell whether it still lives: boot, process namespace,
/// process id, start time of the process, and a random part. A process id alone is reused.
/// </summary>
internal sealed record ProcessIdentity(string Boot, string Namespace, int ProcessId, long Started, string Random)
{
    public static ProcessIdentity Create() =>
        new(ThisBoot, ThisNamespace, Environment.ProcessId, StartOf(Environment.ProcessId) ?? 0, Guid.NewGuid().ToString("N"));

    private static string ThisBoot { get; } = ReadLine("/proc/sys/kernel/random/boot_id");

    private static string ThisNamespace { get; } =
        OperatingSystem.IsLinux() ? new FileInfo("/proc/self/ns/pid").LinkTarget ?? "" : "";

    /// <summary>
    /// False only when it is certain: another boot of the machine, or a process that is gone, a zombie, or of another start
    /// time. Processes of another container cannot be judged, and count as alive.
    /// </summary>
    public bool IsAlive()
    {
        if (Boot != ThisBoot)
            return false;
        return Namespace != ThisNamespace || StartOf(ProcessId) == Started;
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Boot}/{Namespace}/{ProcessId}/{Started}/{Random}");

    /// <summary>Null if the text is not one that <see cref="ToString"/> made.</summary>
    public static ProcessIdentity? Parse(string text)
    {
        var parts = text.Split('/');
        return parts.Length == 5 &&
               int.TryParse(parts[2], CultureInfo.InvariantCulture, out var processId) &&
               long.TryParse(parts[3], CultureInfo.InvariantCulture, out var started)
            ? new ProcessIdentity(parts[0], parts[1], processId, started, parts[4])
            : null;
    }

    private static long? StartOf(int processId) => OperatingSystem.IsLinux() ? StartInProc(processId) : StartByHandle(processId);

    /// <summary>
    /// proc(5), stat: after the name in brackets come the state and, as field 22 of the line, the start in ticks since boot.
    /// Process.StartTime is computed from the wall clock and differs between two readers.
    /// </summary>
    private static long? StartInProc(int processId)
    {
        var stat = ReadLine($"/proc/{processId.ToString(CultureInfo.InvariantCulture)}/stat");
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length > 19 && fields[0] is not ("Z" or "X") ? long.Parse(fields[19], CultureInfo.InvariantCulture) : null;
    }

    private static long? StartByHandle(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return process.HasExited ? null : process.StartTime.ToUniversalTime().Ticks;
        }
        catch (Exception failure) when (failure is ArgumentException or InvalidOperationException)
        {
            return null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // It runs, but under another user who lets nobody look: not one of ours.
            return null;
        }
    }

    private static string ReadLine(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\n');
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
