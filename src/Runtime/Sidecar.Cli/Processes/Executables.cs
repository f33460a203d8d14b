namespace Sidecar.Cli.Processes;

/// <summary>Finds programs before they are started, so that a missing one is told in words of ours.</summary>
internal static class Executables
{
    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The program of a command, looked up as a shell would: by path from the working directory, else along PATH.</summary>
    /// <exception cref="ChildStartException">There is none.</exception>
    public static string Find(ChildSpec spec)
    {
        var name = spec.Command[0];
        if (!Directory.Exists(spec.WorkingDirectory))
            throw new ChildStartException($"cannot start '{name}': its folder {spec.WorkingDirectory} does not exist");

        if (name.Contains('/'))
        {
            var path = Path.GetFullPath(name, spec.WorkingDirectory);
            return IsExecutable(path) ? path : throw new ChildStartException($"cannot start '{name}': {path} is not an executable file");
        }

        var folders = spec.Environment.GetValueOrDefault("PATH") ?? "/usr/local/bin:/usr/bin:/bin";
        return folders.Split(':', StringSplitOptions.RemoveEmptyEntries)
                .Select(folder => Path.GetFullPath(Path.Combine(folder, name), spec.WorkingDirectory))
                .FirstOrDefault(IsExecutable)
            ?? throw new ChildStartException($"cannot start '{name}': no such program in PATH; install it or correct 'command'");
    }

    /// <summary>Whether PATH has a program of that name, which holds no folder.</summary>
    public static bool IsInPath(string name, IReadOnlyDictionary<string, string> environment)
    {
        // Windows spells it Path, and does not mind.
        var path = environment.GetValueOrDefault("PATH") ?? environment.FirstOrDefault(variable => OperatingSystem.IsWindows() && variable.Key.Equals("PATH", StringComparison.OrdinalIgnoreCase)).Value;
        var folders = (path ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        string[] endings = OperatingSystem.IsWindows() ? ["", .. (environment.GetValueOrDefault("PATHEXT") ?? ".EXE;.CMD;.BAT").Split(';', StringSplitOptions.RemoveEmptyEntries)] : [""];
        return folders.Any(folder => endings.Any(ending => IsExecutable(Path.Combine(folder, name + ending))));
    }

    private static bool IsExecutable(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & AnyExecute) != 0);
}
