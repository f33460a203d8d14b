using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Watching;

/// <summary>What an app is made of, and how it is built anew.</summary>
/// <param name="Build">Null when its program runs the sources as they are.</param>
internal sealed record AppSources(IReadOnlyList<SourceFolder> Folders, BuildCommand? Build)
{
    private static readonly string[] Scripts = [".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".php", ".sh", ".go"];

    /// <summary>
    /// What the template says with <c>watch</c> and <c>build</c>; else the .NET project of the command with all that it refers
    /// to; else the folder of the script that the command names. Null when none of these is there.
    /// </summary>
    public static AppSources? Of(RunApp app, string templateFolder)
    {
        var project = DotnetProject.Of(app, templateFolder);
        var folders = app.Watch.Count > 0 ? [.. app.Watch.Select(path => new SourceFolder(path, []))] : project?.Folders() ?? OfScript(app);
        return folders.Count == 0 ? null : new AppSources(folders, app.Build.Count > 0 ? new BuildCommand(app.Build, app.AppDirPath) : project?.Build);
    }

    public bool Hold(string file) => Folders.Any(folder => folder.Holds(file));

    private static IReadOnlyList<SourceFolder> OfScript(RunApp app) => app.Command
        .Where(word => Scripts.Contains(Path.GetExtension(word), StringComparer.Ordinal))
        .Select(word => Path.GetFullPath(word, app.AppDirPath))
        .FirstOrDefault(File.Exists) is { } script ? [new SourceFolder(Path.GetDirectoryName(script)!, [Path.GetExtension(script)])] : [];
}
