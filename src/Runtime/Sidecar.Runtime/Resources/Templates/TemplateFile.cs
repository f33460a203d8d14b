using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>One run template as it is read, before its apps are compared with those of others and common values are merged in.</summary>
internal sealed class TemplateFile
{
    private readonly string _name;
    private readonly SharedSettings _common;
    private readonly ComponentSets? _componentSets;

    private TemplateFile(string file, DocumentProblems problems, YamlFields root, TemplatePaths paths)
    {
        var directory = Path.GetDirectoryName(file)!;
        (File, Problems) = (file, problems);
        if (root.Has("version"))
            root.Integer("version", 1, 1);
        else
            root.Problems.Error(root.Line, "version", "expected 1; this field is required");
        var name = root.Text("name", TextForm.AsWritten);
        _name = string.IsNullOrEmpty(name) ? Path.GetFileName(directory) : name;
        _common = root.Object("common") is { } fields ? ReadCommon(fields, paths, directory) : new SharedSettings();
        Apps = [.. root.Objects("apps").Select(app => TemplateApp.Read(app, paths, directory))];
        if (root.Node("apps") is null or YamlList { Items.Count: 0 })
            root.Problems.Error(root.LineOf("apps"), "apps", "expected a list with at least one app; this field is required");
        _componentSets = root.Object("componentSets") is { } sets ? ComponentSetReader.Read(sets, paths, directory) : null;
        root.RefuseUnknown();
    }

    public string File { get; }

    public DocumentProblems Problems { get; }

    public IReadOnlyList<TemplateApp> Apps { get; }

    /// <returns>Null when too little can be read; then the problems say why.</returns>
    public static TemplateFile? Read(string file, DocumentProblems problems, TemplatePaths paths)
    {
        if (!System.IO.File.Exists(file))
        {
            problems.Error(0, "", "expected a run template: does not exist");
            return null;
        }

        var documents = YamlReader.ReadFile(file);
        foreach (var extra in documents.Skip(1))
            problems.Error(extra.Line, "", "expected one document: a run template has no second one");
        if (documents is [{ Root: YamlMap map }, ..])
            return new TemplateFile(file, problems, new YamlFields(map, "", problems), paths);
        problems.Error(documents.Count > 0 ? documents[0].Line : 1, "", NoTemplate(documents));
        return null;
    }

    /// <param name="first">
    /// The first template of the run. What this one's apps would else take from the user's defaults they take from there, so that
    /// they work on the same components.
    /// </param>
    public RunTemplate Resolve(TemplateFile first, TemplatePaths paths)
    {
        var shared = ReferenceEquals(first, this) ? null : first;
        return new RunTemplate(File, _name, [.. Apps.Select(app => Resolve(app, shared, paths))])
        {
            ComponentSets = _componentSets is null ? [] : [_componentSets],
        };
    }

    private RunApp Resolve(TemplateApp app, TemplateFile? first, TemplatePaths paths)
    {
        var own = app.Resolve(_common, paths);
        own = own with { TemplateFile = File, TemplateName = _name };
        if (first is null)
            return own;
        var all = app.Resolve(_common.Or(first._common), paths);
        var resourcesAreShared = first._common.ResourcesPaths.Count > 0 && !all.ResourcesPaths.SequenceEqual(own.ResourcesPaths);
        own = own with { ResourcesPaths = all.ResourcesPaths, ConfigFilePath = all.ConfigFilePath };
        return !resourcesAreShared || first.SharedDirectory is not { } directory ? own : own with
        {
            SidecarDirectory = directory,
            UnixDomainSocket = own.UnixDomainSocket is { } socket ? Path.GetFullPath(socket, own.AppDirPath) : null,
        };
    }

    /// <summary>
    /// The folder in which the sidecars of all its apps work; null when they have several. A relative path in a component means the
    /// same file to all of them, or to none.
    /// </summary>
    private string? SharedDirectory => Apps.Select(app => app.AppDirPath).Distinct().ToArray() is [{ } only] ? only : null;

    private static string NoTemplate(IReadOnlyList<YamlDocument> documents) => documents switch
    {
        [] => "expected a run template with version and apps, found an empty file",
        [{ Error: { } error }, ..] => error,
        [var first, ..] => $"expected a run template with version and apps, found {first.Root!.Describe()}",
    };

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
}
