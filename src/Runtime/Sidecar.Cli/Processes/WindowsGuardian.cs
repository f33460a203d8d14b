using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sidecar.Cli.Processes;

/// <summary>
/// Windows: one job object that the system closes with this process and that then kills its members. Written from the
/// documentation; not yet run on Windows.
/// </summary>
internal sealed partial class WindowsGuardian : IGuardian
{
    private const int ExtendedLimitInformation = 9;
    private const uint KillOnJobClose = 0x2000;

    private readonly SafeFileHandle _job = CreateJob();

    public ProcessStartInfo Prepare(ChildSpec spec)
    {
        var info = new ProcessStartInfo(spec.Command[0]);
        foreach (var argument in spec.Command.Skip(1))
            info.ArgumentList.Add(argument);
        return info;
    }

    public void Adopt(Process process)
    {
        process.StandardInput.Close();
        if (!AssignProcessToJobObject(_job, process.SafeHandle))
            throw new Win32Exception();
    }

    /// <summary>A console program has no request to end that reaches it alone: it is ended.</summary>
    public void Terminate(Process process) => Kill(process);

    public void Kill(Process process) => process.Kill(entireProcessTree: true);

    public void Release(Process process)
    {
    }

    private static SafeFileHandle CreateJob()
    {
        var job = CreateJobObjectW(0, null);
        var limits = new JobLimits { Flags = KillOnJobClose };
        if (job.IsInvalid || !SetInformationJobObject(job, ExtendedLimitInformation, ref limits, Marshal.SizeOf<JobLimits>()))
            throw new Win32Exception();
        return job;
    }

    [LibraryImport("kernel32", SetLastError = true, StringMarshalling = StringMarshalling.Utf16)]
    private static partial SafeFileHandle CreateJobObjectW(nint attributes, string? name);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool SetInformationJobObject(SafeFileHandle job, int kind, ref JobLimits limits, int size);

    [LibraryImport("kernel32", SetLastError = true)]
    [return: MarshalAs(UnmanagedType.Bool)]
    private static partial bool AssignProcessToJobObject(SafeFileHandle job, SafeProcessHandle process);

    /// <summary>JOBOBJECT_EXTENDED_LIMIT_INFORMATION; only the flags are set.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct JobLimits
    {
        public long PerProcessUserTime;
        public long PerJobUserTime;
        public uint Flags;
        public nuint MinimumWorkingSet;
        public nuint MaximumWorkingSet;
        public uint ActiveProcesses;
        public nuint Affinity;
        public uint PriorityClass;
        public uint SchedulingClass;
        public IoCounters Io;
        public nuint ProcessMemory;
        public nuint JobMemory;
        public nuint PeakProcessMemory;
        public nuint PeakJobMemory;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct IoCounters
    {
        public ulong ReadOperations;
        public ulong WriteOperations;
        public ulong OtherOperations;
        public ulong ReadBytes;
        public ulong WrittenBytes;
        public ulong OtherBytes;
    }
}
