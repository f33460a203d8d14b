using System.Diagnostics;
using Sidecar.Components;

namespace Sidecar.Cli.Processes;

/// <summary>Ends processes of a run that are not our children any more.</summary>
internal static class ProcessEnding
{
    /// <summary>Ends it and its process group, at once; nothing if it has ended, or another process has its number now.</summary>
    public static void Kill(this ProcessIdentity identity)
    {
        if (!identity.IsAlive())
            return;
        if (OperatingSystem.IsWindows())
        {
            using var process = Process.GetProcessById(identity.Pid);
            process.Kill(entireProcessTree: true);
        }
        else if (!Signals.SendToGroup(identity.Pid, Signals.Kill))
        {
            Signals.Send(identity.Pid, Signals.Kill);
        }
    }
}
