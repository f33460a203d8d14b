using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Sidecar.Cli.Tests;

/// <summary>
/// A shell ignores SIGINT and SIGQUIT for what it starts in the background, and every process hands that on to its children: the
/// runs of these tests would not hear of Ctrl-C, because somebody started the tests with an ampersand.
/// </summary>
internal static partial class InheritedSignals
{
    private const nint Default = 0;

    [ModuleInitializer]
    public static void Reset()
    {
        const string Mask = "SigIgn:\t";
        const string Status = "/proc/self/status";
        if (!File.Exists(Status) || File.ReadLines(Status).FirstOrDefault(line => line.StartsWith(Mask, StringComparison.Ordinal)) is not { } ignored)
            return;
        var bits = Convert.ToInt64(ignored[Mask.Length..], 16);
        foreach (var signal in (int[])[2, 3])
        {
            if ((bits & (1L << (signal - 1))) != 0)
                SetHandler(signal, Default);
        }
    }

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    private static partial nint SetHandler(int signal, nint handler);
}
