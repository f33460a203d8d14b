using Sidecar.Runtime.Resources.Templates;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources;

/// <summary>Reads a multi-app run template (contract section 4.7), strictly: everything wrong is reported at once.</summary>
public static class RunTemplateLoader
{
    private const string DefaultFileName = "dapr.yaml";

    /// <param name="fileOrDirectory">The template, or a folder that holds <c>dapr.yaml</c>.</param>
    /// <param name="home">Folder that <c>~</c> stands for, and that holds <c>.dapr</c>; default: those of the user.</param>
    public static Loaded<RunTemplate> Load(string fileOrDirectory, string? home = null)
    {
        var file = Path.GetFullPath(fileOrDirectory);
        if (Directory.Exists(file))
            file = Path.Combine(file, DefaultFileName);
        var problems = new DocumentProblems(file, strict: true, anyCase: false);
        if (!File.Exists(file))
        {
            problems.Error(0, "", "expected a run template: does not exist");
            return new Loaded<RunTemplate>(null, problems.All);
        }

        var documents = YamlReader.ReadFile(file);
        foreach (var extra in documents.Skip(1))
            problems.Error(extra.Line, "", "expected one document: a run template has no second one");
        RunTemplate? template = null;
        if (documents is [{ Root: YamlMap map }, ..])
            template = Read(new YamlFields(map, "", problems), file, new TemplatePaths(home));
        else
            problems.Error(documents.Count > 0 ? documents[0].Line : 1, "", NoTemplate(documents));
        return new Loaded<RunTemplate>(problems.HasErrors ? null : template, [.. problems.All.OrderBy(problem => problem.Line)])
        {
            // Without its component sets, misspelt perhaps, it would be judged by the resources of another set.
            Draft = problems.All.Any(problem => problem.Field.StartsWith("component", StringComparison.OrdinalIgnoreCase)) ? null : template,
        };
    }

    private static string NoTemplate(IReadOnlyList<YamlDocument> documents) => documents switch
    {
        [] => "expected a run template with version and apps, found an empty file",
        [{ Error: { } error }, ..] => error,
        [var first, ..] => $"expected a run template with version and apps, found {first.Root!.Describe()}",
    };

    private static RunTemplate Read(YamlFields root, string file, TemplatePaths paths)
    {
        var directory = Path.GetDirectoryName(file)!;
        if (root.Has("version"))
            root.Integer("version", 1, 1);
        else
            root.Problems.Error(root.Line, "version", "expected 1; this field is required");
        var name = root.Text("name", TextForm.AsWritten);
        var common = root.Object("common") is { } fields ? ReadCommon(fields, paths, directory) : new SharedSettings();
        var apps = root.Objects("apps").Select(app => TemplateApp.Read(app, paths, directory)).ToList();
        if (root.Node("apps") is null or YamlList { Items.Count: 0 })
            root.Problems.Error(root.LineOf("apps"), "apps", "expected a list with at least one app; this field is required");
        CheckAppIds(apps);
        CheckPorts(apps);
        DependencyCheck.Check(apps);
        var template = new RunTemplate(
            file,
            string.IsNullOrEmpty(name) ? Path.GetFileName(directory) : name,
            [.. apps.Select(app => app.Resolve(common, paths))])
        {
            ComponentSets = root.Object("componentSets") is { } sets ? ComponentSetReader.Read(sets, paths, directory) : null,
        };
        root.RefuseUnknown();
        return template;
    }

    private static SharedSettings ReadCommon(YamlFields fields, TemplatePaths paths, string directory)
    {
        var common = SharedSettings.Read(fields, paths, directory);
        foreach (var own in TemplateApp.OwnFields)
        {
            if (fields.Has(own))
                fields.Problems.Error(fields.LineOf(own), fields.PathOf(own), "cannot be shared; give it to each app");
        }

        fields.RefuseUnknown();
        return common;
    }

    private static void CheckAppIds(List<TemplateApp> apps)
    {
        var first = new Dictionary<string, TemplateApp>(StringComparer.Ordinal);
        foreach (var app in apps.Where(app => app.AppId.Length > 0))
        {
            if (!first.TryAdd(app.AppId, app))
                app.Fields.Problems.Error(app.Fields.LineOf("appID"), app.Fields.PathOf("appID"), $"expected another app id: '{app.AppId}' is taken by the app at line {first[app.AppId].Fields.Line}");
        }
    }

    /// <summary>A port that is given twice would make one of the two fail at its start.</summary>
    private static void CheckPorts(List<TemplateApp> apps)
    {
        var first = new Dictionary<int, string>();
        foreach (var app in apps)
        {
            foreach (var (field, port) in app.GivenPorts)
            {
                if (!first.TryAdd(port, $"{app.Fields.PathOf(field)} at line {app.Fields.LineOf(field)}"))
                    app.Fields.Problems.Error(app.Fields.LineOf(field), app.Fields.PathOf(field), $"expected a free port: {port} is taken by {first[port]}");
            }
        }
    }
}
