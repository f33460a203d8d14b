namespace Sidecar.Runtime.Hosting;

/// <summary>
/// How the sockets of a program that consists of sidecars are served. What follows a socket's event runs on the thread that saw
/// it, in place of one of the pool: a call that crosses a sidecar has four such events, and at moderate load handing each over
/// costs more than all the rest. Half the cores get such a thread: sidecars share their machine with the apps, and with fewer
/// threads each finds more events waiting and goes to sleep less often.
/// </summary>
public static class SocketScheduling
{
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    private const string ThreadCount = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>
    /// The runtime's own switches. They are for programs in which nothing blocks on a socket's thread; in an app's environment
    /// they would be a trap, so they are not handed on.
    /// </summary>
    public static IReadOnlyCollection<string> Variables { get; } = [InlineCompletions, ThreadCount];

    /// <summary>Turns it on for this process, unless the user decided. To be called before any socket is made: it is read once.</summary>
    public static void PreferInline()
    {
        SetUnlessGiven(InlineCompletions, "1");
        SetUnlessGiven(ThreadCount, $"{Math.Max(1, Environment.ProcessorCount / 2)}");
    }

    private static void SetUnlessGiven(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is null)
            Environment.SetEnvironmentVariable(name, value);
    }
}
