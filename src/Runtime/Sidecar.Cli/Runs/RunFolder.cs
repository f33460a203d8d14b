namespace Sidecar.Cli.Runs;

/// <summary>The files a run keeps in <c>.dapr/run</c> beside its template.</summary>
internal sealed class RunFolder(string templateFile)
{
    private readonly string _stem = Path.Combine(Path.GetDirectoryName(templateFile)!, ".dapr", "run", Path.GetFileName(templateFile));

    public string TemplateFile => templateFile;

    public string Folder => Path.GetDirectoryName(_stem)!;

    /// <summary>Locked as long as a run of the template lives.</summary>
    public string LockFile => _stem + ".lock";

    /// <summary>The processes of the current run, or of the last one that could not clean up.</summary>
    public string RecordFile => _stem + ".run.json";

    /// <summary>Addresses of the isolated sidecars.</summary>
    public string NamesFile => _stem + ".names";

    /// <summary>The template that a <c>-f</c> option means: the file, or <c>dapr.yaml</c> in the folder.</summary>
    public static string ResolveTemplate(string fileOrFolder)
    {
        var path = Path.GetFullPath(fileOrFolder);
        return Directory.Exists(path) ? Path.Combine(path, "dapr.yaml") : path;
    }
}
