namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Whether what follows a socket's event runs on the thread that saw it, in place of one of the pool: a call that crosses a
/// sidecar has four such events, and at moderate load handing each over costs more than all the rest.
/// </summary>
public static class SocketScheduling
{
    /// <summary>
    /// The runtime's own switch. It is for programs that consist of sidecars, where nothing blocks on a socket's thread; in an
    /// app's environment it would be a trap, so it is not handed on.
    /// </summary>
    public const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Turns it on for this process, unless the user decided. To be called before any socket is made: it is read once.</summary>
    public static void PreferInline()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
            Environment.SetEnvironmentVariable(Variable, "1");
    }
}
