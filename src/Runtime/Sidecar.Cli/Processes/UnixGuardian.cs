using System.Diagnostics;
using System.Runtime.Versioning;

namespace Sidecar.Cli.Processes;

/// <summary>
/// Linux and macOS. The child leads a session and process group of its own, so that Ctrl-C reaches only this process. In that
/// group sits a small shell that blocks on a pipe whose other end only this process holds: when this process ends, however
/// it ends, the pipe closes and the shell kills the group.
/// </summary>
/// <remarks>
/// A parent-death signal would not do: in .NET it follows the thread that started the child, not the process.
/// </remarks>
[UnsupportedOSPlatform("windows")]
internal sealed class UnixGuardian : IGuardian
{
    // $$ is the child's own number: everything replaces itself by exec, so this process is the direct parent of the app and
    // sees its true exit code. The watching shell is forked twice, so that the app does not find a child it did not start,
    // and has nothing of the app's open: an open copy of its output would keep readers waiting. A background job of a shell
    // reads from /dev/null unless told otherwise, hence descriptor 3. `kill -s KILL --`: dash refuses `kill -KILL -- -n`.
    private const string Session =
        """
        app=$$
        (
          trap '' INT TERM HUP QUIT
          ( read -r _; kill -s KILL -- "-$app" ) <&3 3<&- >/dev/null 2>&1 &
        )
        exec 3<&-
        exec "$@"
        """;

    // macOS has no setsid program. PATH is the app's, and need not have the system's programs.
    private const string Script =
        """
        exec 3<&0 </dev/null
        session=$1
        shift
        find_tool() { PATH="$PATH:/usr/bin:/bin" command -v "$1"; }
        if tool=$(find_tool setsid); then
          exec "$tool" /bin/sh -c "$session" dapr-guardian "$@"
        elif tool=$(find_tool perl); then
          exec "$tool" -e 'use POSIX; POSIX::setsid(); exec @ARGV' /bin/sh -c "$session" dapr-guardian "$@"
        fi
        echo "dapr: install setsid (util-linux) or perl: apps are started in a session of their own" >&2
        exit 125
        """;

    public ProcessStartInfo Prepare(ChildSpec spec)
    {
        var program = Executables.Find(spec);
        var info = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", Script, "dapr-guardian", Session, program } };
        foreach (var argument in spec.Command.Skip(1))
            info.ArgumentList.Add(argument);
        return info;
    }

    public void Adopt(Process process)
    {
    }

    public void Terminate(Process process) => Send(process, Signals.Terminate);

    public void Kill(Process process) => Send(process, Signals.Kill);

    public void Release(Process process) => process.StandardInput.Close();

    /// <summary>For a moment after its start the child has no group of its own yet, and the signal must not be lost.</summary>
    private static void Send(Process process, int signal)
    {
        if (!Signals.SendToGroup(process.Id, signal) && !process.HasExited)
            Signals.Send(process.Id, signal);
    }
}
