using Sidecar.Cli.Logs;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Runs;

/// <summary>
/// The files a run keeps: of a template, in <c>.dapr/run</c> beside it; of a single app, in <c>apps</c> in the user's <c>.dapr</c>.
/// A run of several templates keeps its lock and its record beside each, so that it is found from any of them.
/// </summary>
internal sealed class RunFolder
{
    private readonly string _stem;

    /// <param name="templateFile">Template of the run.</param>
    /// <param name="others">Further templates of the same run.</param>
    public RunFolder(string templateFile, params IReadOnlyList<string> others)
    {
        _stem = Path.Combine(Path.GetDirectoryName(templateFile)!, ".dapr", "run", Path.GetFileName(templateFile));
        Title = TitleOf([templateFile, .. others]);
        StopCommand = $"dapr stop {string.Join(' ', others.Prepend(templateFile).Select(file => $"-f {file}"))}";
        NamesFile = _stem + ".names";
        All = [this, .. others.Select(other => new RunFolder(other))];
    }

    private RunFolder(string daprFolder, string appId)
    {
        _stem = Path.Combine(OfSingleApps(daprFolder), Uri.EscapeDataString(appId));
        Title = appId;
        StopCommand = $"dapr stop -a {appId}";
        NamesFile = DaprFolder.Names(daprFolder);
        IsSingleApp = true;
        All = [this];
    }

    public static RunFolder Of(RunTemplate template) => template.IsSingleApp ? OfSingleApp(template.Apps[0].AppId) : new RunFolder(template.File, [.. template.Files.Skip(1)]);

    public static RunFolder Of(RunRecord record) => record.IsSingleApp ? OfSingleApp(record.Apps[0].AppId) : new RunFolder(record.TemplateFile, [.. record.Templates.Skip(1)]);

    public static RunFolder OfSingleApp(string appId) => new(DaprFolder.OfUser(), appId);

    /// <summary>Files of all single apps of the user, logs included.</summary>
    public static string OfSingleApps(string daprFolder) => Path.Combine(daprFolder, "apps");

    /// <summary>What messages call a run of these templates.</summary>
    public static string TitleOf(IEnumerable<string> templateFiles) => string.Join(" and ", templateFiles);

    /// <summary>One per template of the run, this first.</summary>
    public IReadOnlyList<RunFolder> All { get; }

    /// <summary>What messages call the run.</summary>
    public string Title { get; }

    /// <summary>What ends it.</summary>
    public string StopCommand { get; }

    public bool IsSingleApp { get; }

    public string Folder => Path.GetDirectoryName(_stem)!;

    /// <summary>Locked as long as the run lives.</summary>
    public string LockFile => _stem + ".lock";

    /// <summary>The processes of the current run, or of the last one that could not clean up.</summary>
    public string RecordFile => _stem + ".run.json";

    /// <summary>The record of the last run of a template that has ended as it should.</summary>
    public string LastRecordFile => _stem + ".last.json";

    /// <summary>Certificates of the run's sidecars with their keys, while it lives.</summary>
    public string IdentitiesFolder => _stem + ".identities";

    /// <summary>Where sidecars find those of other processes: of this run only, or of all single apps of the user.</summary>
    public string NamesFile { get; }

    /// <summary>A folder of somebody else's is not written to for one app.</summary>
    public string LogFolderOf(RunApp app) => IsSingleApp ? Folder : LogFiles.FolderOf(app.AppDirPath);

    /// <summary>The template that a <c>-f</c> option means: the file, or <c>dapr.yaml</c> in the folder.</summary>
    public static string ResolveTemplate(string fileOrFolder)
    {
        var path = Path.GetFullPath(fileOrFolder);
        return Directory.Exists(path) ? Path.Combine(path, "dapr.yaml") : path;
    }
}
