using System.Globalization;

namespace Benchmarks;

/// <summary>CPU time that processes have used, as the system counts it (proc(5), stat).</summary>
internal static class CpuTime
{
    // sysconf(_SC_CLK_TCK) is 100 on every Linux that .NET runs on.
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of all of them together, in user mode and in the kernel.</summary>
    public static double Of(IEnumerable<int> pids) => pids.Sum(Of);

    private static double Of(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");

        // The second field is the program's name in parentheses, which may hold blanks; utime and stime are the 14th and 15th.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond;
    }
}
