using System.Diagnostics;

namespace Sidecar.Cli.Processes;

/// <summary>How this operating system ties the life of children to ours.</summary>
internal interface IGuardian
{
    /// <summary>What to start in place of the command, so that it can be tied.</summary>
    ProcessStartInfo Prepare(ChildSpec spec);

    /// <summary>Ties a child that has just been started.</summary>
    void Adopt(Process process);

    void Terminate(Process process);

    void Kill(Process process);

    /// <summary>The child has ended by itself: ends what is left of its group.</summary>
    void Release(Process process);
}

internal static class Guardians
{
    public static IGuardian ForThisSystem { get; } = OperatingSystem.IsWindows() ? new WindowsGuardian() : new UnixGuardian();
}
