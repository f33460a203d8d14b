using Sidecar.Runtime.Resources.Templates;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Reads multi-app run templates (contract section 4.7), strictly: everything wrong is reported at once.</summary>
public static class RunTemplateLoader
{
    private const string DefaultFileName = "dapr.yaml";

    /// <param name="fileOrDirectory">The template, or a folder that holds <c>dapr.yaml</c>.</param>
    /// <param name="home">Folder that <c>~</c> stands for, and that holds <c>.dapr</c>; default: those of the user.</param>
    public static Loaded<RunTemplate> Load(string fileOrDirectory, string? home = null)
    {
        var all = LoadAll([fileOrDirectory], home);
        return new Loaded<RunTemplate>(all.Value?[0], all.Problems) { Draft = all.Draft?[0] };
    }

    /// <summary>
    /// Reads the templates of one run. App-ids and ports are unique over all of them, and <c>dependsOn</c> may name apps of another;
    /// relative paths start from each template's own folder. An app that would get its components or configuration from the user's
    /// defaults gets those that the first template has in common.
    /// </summary>
    /// <param name="filesOrDirectories">At least one; one that is given twice counts once.</param>
    /// <param name="home">Folder that <c>~</c> stands for, and that holds <c>.dapr</c>; default: those of the user.</param>
    public static Loaded<IReadOnlyList<RunTemplate>> LoadAll(IReadOnlyList<string> filesOrDirectories, string? home = null)
    {
        var paths = new TemplatePaths(home);
        var problems = filesOrDirectories.Select(FileOf).Distinct(StringComparer.Ordinal).Select(file => new DocumentProblems(file, strict: true, anyCase: false)).ToArray();
        TemplateFile[] read = [.. problems.Select(of => TemplateFile.Read(of.File, of, paths)).OfType<TemplateFile>()];
        TemplateApp[] apps = [.. read.SelectMany(file => file.Apps)];
        CheckAppIds(apps);
        CheckPorts(apps);
        DependencyCheck.Check(apps);

        var templates = read.Length == problems.Length ? read.Select(file => file.Resolve(read[0], paths)).ToArray() : null;
        ResourceProblem[] told = [.. problems.SelectMany(file => file.All.OrderBy(problem => problem.Line))];
        return new Loaded<IReadOnlyList<RunTemplate>>(told.Any(problem => !problem.IsWarning) ? null : templates, told)
        {
            // Without its component sets, misspelt perhaps, it would be judged by the resources of another set.
            Draft = told.Any(problem => problem.Field.StartsWith("component", StringComparison.OrdinalIgnoreCase)) ? null : templates,
        };
    }

    private static string FileOf(string fileOrDirectory)
    {
        var path = Path.GetFullPath(fileOrDirectory);
        return Directory.Exists(path) ? Path.Combine(path, DefaultFileName) : path;
    }

    private static void CheckAppIds(IReadOnlyList<TemplateApp> apps)
    {
        var first = new Dictionary<string, TemplateApp>(StringComparer.Ordinal);
        foreach (var app in apps.Where(app => app.AppId.Length > 0))
        {
            if (!first.TryAdd(app.AppId, app))
                app.Fields.Problems.Error(app.Fields.LineOf("appID"), app.Fields.PathOf("appID"), $"expected another app id: '{app.AppId}' is taken by the app at {Place(first[app.AppId], first[app.AppId].Fields.Line, app)}");
        }
    }

    /// <summary>A port that is given twice would make one of the two fail at its start.</summary>
    private static void CheckPorts(IReadOnlyList<TemplateApp> apps)
    {
        var first = new Dictionary<int, (TemplateApp App, string Field)>();
        foreach (var app in apps)
        {
            foreach (var (field, port) in app.GivenPorts)
            {
                if (first.TryAdd(port, (app, field)))
                    continue;
                var (other, taken) = first[port];
                app.Fields.Problems.Error(app.Fields.LineOf(field), app.Fields.PathOf(field), $"expected a free port: {port} is taken by {other.Fields.PathOf(taken)} at {Place(other, other.Fields.LineOf(taken), app)}");
            }
        }
    }

    private static string Place(TemplateApp app, int line, TemplateApp seenFrom) =>
        app.Fields.Problems == seenFrom.Fields.Problems ? $"line {line}" : $"line {line} of {app.Fields.Problems.File}";
}
