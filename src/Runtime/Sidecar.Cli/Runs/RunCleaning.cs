using Sidecar.Cli.Logs;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Runs;

/// <summary>Removes what runs of a template wrote, and no more: <c>.dapr</c> of an app may hold its resources and configuration too (contract 4.7).</summary>
internal static class RunCleaning
{
    /// <param name="templates">Files of the templates.</param>
    /// <param name="records">What is known of their last runs.</param>
    /// <param name="inUse">The template that runs, if one does.</param>
    /// <returns>The folders that were removed; null when one of the templates runs, and nothing was.</returns>
    public static IReadOnlyList<string>? Clean(IReadOnlyList<string> templates, IEnumerable<RunRecord> records, out RunFolder? inUse)
    {
        RunFolder[] folders = [.. templates.Select(template => new RunFolder(template))];
        var locks = RunLock.TryTakeAll(folders, out inUse);
        if (inUse is not null)
            return null;
        var removed = new List<string>();
        try
        {
            foreach (var app in AppFolders(templates, records).Concat(templates.Select(template => Path.GetDirectoryName(template)!)).Distinct())
                removed.AddRange(CleanApp(app));
        }
        finally
        {
            foreach (var taken in locks)
                taken.Dispose();
        }

        foreach (var folder in folders)
        {
            RemoveEmpty(folder.Folder);
            RemoveEmpty(Path.GetDirectoryName(folder.Folder)!);
        }

        return removed;
    }

    private static IEnumerable<string> AppFolders(IReadOnlyList<string> templates, IEnumerable<RunRecord> records)
    {
        // One of several may depend on apps of another, which is wrong only for a run.
        var loaded = RunTemplateLoader.LoadAll(templates);
        return (loaded.Value ?? loaded.Draft)?.SelectMany(template => template.Apps, (_, app) => app.AppDirPath).Where(folder => folder.Length > 0)
            ?? records.SelectMany(record => record.Apps).Where(app => templates.Contains(app.TemplateFile))
                .SelectMany(app => new[] { app.AppLog, app.DaprdLog }).OfType<string>().Select(log => Path.GetFullPath(Path.Combine(log, "..", "..", "..")));
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
