using System.Runtime.InteropServices;
using System.Runtime.Versioning;

namespace Sidecar.Cli.Processes;

/// <summary>POSIX signals to other processes.</summary>
internal static partial class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>False when there is no such process group, or it is not ours to signal.</summary>
    [UnsupportedOSPlatform("windows")]
    public static bool SendToGroup(int leader, int signal) => SendSignal(-leader, signal) == 0;

    [UnsupportedOSPlatform("windows")]
    public static bool Send(int pid, int signal) => SendSignal(pid, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int pid, int signal);
}
