namespace Sidecar.Cli.Running;

/// <summary>Words for the code a process ended with.</summary>
internal static class ExitCodes
{
    private const int Signalled = 128;

    public static string Describe(int code) => code switch
    {
        > Signalled and <= Signalled + 64 => $"exit code {code} (signal {SignalName(code - Signalled)})",
        127 => "exit code 127 (program not found)",
        _ => $"exit code {code}",
    };

    private static string SignalName(int signal) => signal switch
    {
        2 => "SIGINT",
        6 => "SIGABRT",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        _ => $"{signal}",
    };
}
