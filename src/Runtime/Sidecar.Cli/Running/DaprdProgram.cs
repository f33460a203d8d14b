using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Running;

/// <summary>Where the <c>daprd</c> program is.</summary>
internal static class DaprdProgram
{
    /// <summary>Environment variable that names another one: an assembly to be run by <c>dotnet</c>, or an executable.</summary>
    public const string Variable = "DAPRD_PATH";

    /// <summary>The words that start it, without flags.</summary>
    /// <exception cref="SidecarStartException">It has not been built.</exception>
    public static IReadOnlyList<string> Find()
    {
        var path = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given
            ? Path.GetFullPath(given)
            : Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "Sidecar.Daprd", "release", "daprd.dll"));
        if (!File.Exists(path))
            throw new SidecarStartException($"there is no daprd at {path}; build it (dotnet build Dapr.slnf -c Release), or say where it is with {Variable}");
        return Path.GetExtension(path) == ".dll" ? [Muxer(), path] : [path];
    }

    // The dotnet that runs us is the one that fits, even if PATH has another or none.
    private static string Muxer() =>
        Environment.ProcessPath is { } program && Path.GetFileNameWithoutExtension(program) == "dotnet" ? program : "dotnet";
}
