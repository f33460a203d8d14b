using Sidecar.Cli.Logs;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Runs;

/// <summary>Removes what runs of a template wrote, and no more: <c>.dapr</c> of an app may hold its resources and configuration too (contract 4.7).</summary>
internal static class RunCleaning
{
    /// <returns>The folders that were removed; null when the template runs again.</returns>
    public static IReadOnlyList<string>? Clean(string template, RunRecord? record)
    {
        var folder = new RunFolder(template);
        var removed = new List<string>();
        using (var held = RunLock.TryTake(folder))
        {
            if (held is null)
                return null;
            var apps = RunTemplateLoader.Load(template).Value?.Apps.Select(app => app.AppDirPath)
                ?? record?.Apps.SelectMany(app => new[] { app.AppLog, app.DaprdLog }).OfType<string>().Select(log => Path.GetFullPath(Path.Combine(log, "..", "..", "..")))
                ?? [];
            foreach (var app in apps.Append(Path.GetDirectoryName(template)!).Distinct())
                removed.AddRange(CleanApp(app));
        }

        RemoveEmpty(folder.Folder);
        RemoveEmpty(Path.GetDirectoryName(folder.Folder)!);
        return removed;
    }

    private static List<string> CleanApp(string appFolder)
    {
        var removed = new List<string>();
        foreach (var written in new[] { Path.Combine(appFolder, ".dapr", "data"), LogFiles.FolderOf(appFolder), Path.Combine(appFolder, ".dapr", "run") })
        {
            if (!Directory.Exists(written))
                continue;
            Directory.Delete(written, recursive: true);
            removed.Add(written);
        }

        RemoveEmpty(Path.Combine(appFolder, ".dapr"));
        return removed;
    }

    private static void RemoveEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
