using System.Security.Cryptography;
using System.Text;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Runs;

/// <summary>
/// All runs of this user: one small file per template or single app in <c>~/.dapr/runs</c>, holding the path of the run's own
/// record.
/// </summary>
internal sealed class RunIndex(string folder)
{
    private const string Unfinished = ".new";

    public static RunIndex OfUser() => new(FolderIn(DaprFolder.OfUser()));

    public static string FolderIn(string daprFolder) => Path.Combine(daprFolder, "runs");

    /// <summary>
    /// The entry appears as a whole: one that is written where others look could not be locked by its writer while one of them
    /// reads it, and the run would stay out of the index.
    /// </summary>
    public void Add(RunFolder run)
    {
        Directory.CreateDirectory(folder);
        var fresh = $"{EntryOf(run)}.{Environment.ProcessId}{Unfinished}";
        File.WriteAllText(fresh, run.RecordFile);
        File.Move(fresh, EntryOf(run), overwrite: true);
    }

    public void Remove(RunFolder run)
    {
        if (File.Exists(EntryOf(run)))
            File.Delete(EntryOf(run));
    }

    /// <summary>Runs whose launcher is alive, oldest first. Entries that point nowhere are removed on the way.</summary>
    public IReadOnlyList<RunRecord> Alive()
    {
        if (!Directory.Exists(folder))
            return [];
        var alive = new List<RunRecord>();
        foreach (var entry in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(Unfinished, StringComparison.Ordinal)))
        {
            if (Read(entry) is not { } recordFile)
                continue;
            if (RunRecord.Read(recordFile) is { } record && record.Launcher.IsAlive())
                alive.Add(record);
            else if (!File.Exists(recordFile))
                File.Delete(entry);
        }

        return [.. alive.OrderBy(run => run.Started)];
    }

    /// <summary>The apps of all those runs, except those that were stopped one by one.</summary>
    public IReadOnlyList<RunningApp> Apps() => [.. Alive().SelectMany(run => run.Apps.Where(app => !app.Stopped), (run, app) => new RunningApp(run, app))];

    private string EntryOf(RunFolder run) =>
        Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(run.RecordFile)).AsSpan(0, 8)));

    private static string? Read(string entry)
    {
        try
        {
            return File.ReadAllText(entry).Trim() is { Length: > 0 } path ? path : null;
        }
        catch (IOException)
        {
            // Removed by the run it belonged to, just now.
            return null;
        }
    }
}
