using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>A setting of an app given on a command line.</summary>
/// <param name="Flag">As the user knows it, for messages: <c>--app-port</c>.</param>
/// <param name="Field">The field of a run template that means the same: <c>appPort</c>.</param>
public sealed record AppSetting(string Flag, string Field, string Value);

/// <summary>
/// One app from a command line in place of a run template, by the very rules of a template's app (contract section 4.7): the
/// settings are read as if they stood in a file, and messages name the flag in place of file and line.
/// </summary>
public static class SingleAppLoader
{
    /// <summary>How the official command line says that a number is not given.</summary>
    private const string NotGiven = "-1";

    private static readonly string[] Lists = ["resourcesPaths", "command"];

    /// <param name="appDirPath">Working directory of the app; relative paths start from it.</param>
    /// <param name="settings">Several of one field make a list.</param>
    /// <param name="home">Folder that <c>~</c> stands for; and that holds <c>.dapr</c>; default: those of the user.</param>
    /// <returns>A template without a file. Resources and configuration that are not given are the user's defaults, where they exist.</returns>
    public static Loaded<RunTemplate> Load(string appDirPath, IReadOnlyList<AppSetting> settings, string? home = null)
    {
        var problems = new DocumentProblems("", strict: true, anyCase: false);
        var paths = new TemplatePaths(home);
        var read = TemplateApp.Read(new YamlFields(AsMap(appDirPath, settings), "", problems), paths, appDirPath);
        CheckPorts(read, problems);
        var app = read.Resolve(new SharedSettings(), paths);
        // Only a template looks into the app's own folder for them.
        var installed = read.Settings.RuntimePath is { } runtime ? DaprFolder.In(runtime) : paths.Installed;
        app = app with
        {
            ResourcesPaths = read.Settings.ResourcesPaths.Count > 0 ? app.ResourcesPaths : IfThere(Directory.Exists, DaprFolder.Components(installed)) is { } folder ? [folder] : [],
            ConfigFilePath = read.Settings.ConfigFilePath ?? IfThere(File.Exists, DaprFolder.Configuration(installed)),
            WithoutEffect = [.. app.WithoutEffect.Select(field => settings.FirstOrDefault(setting => setting.Field == field)?.Flag ?? field)],
        };
        ResourceProblem[] told = [.. problems.All.Select(problem => InWordsOfFlags(problem, settings))];
        return new Loaded<RunTemplate>(problems.HasErrors ? null : new RunTemplate("", "", [app]), told);
    }

    // The line of a value is its place among the settings, from 1; what nobody gave is at line 0.
    private static YamlMap AsMap(string appDirPath, IReadOnlyList<AppSetting> settings)
    {
        var numbered = settings.Select((setting, index) => (setting.Field, setting.Value, Line: index + 1)).ToArray();
        var single = numbered.Where(setting => !Lists.Contains(setting.Field) && setting.Value != NotGiven).Select(setting => new YamlEntry(setting.Field, setting.Line, Scalar(setting.Value, setting.Line)));
        var lists =
            from setting in numbered
            where Lists.Contains(setting.Field)
            group setting by setting.Field into list
            let items = list.Select(item => new YamlScalar(item.Line, item.Value, isPlain: false)).ToArray()
            select new YamlEntry(list.Key, items[0].Line, new YamlList(items[0].Line, items));
        return new YamlMap(0, [new YamlEntry("appDirPath", 0, new YamlScalar(0, appDirPath, isPlain: false)), .. single, .. lists]);
    }

    // A shell has no types: what looks like a number or boolean is one, and an app may be called null.
    private static YamlScalar Scalar(string value, int line) => new(line, value, isPlain: YamlScalarTypes.Resolve(value) is long or bool);

    private static void CheckPorts(TemplateApp app, DocumentProblems problems)
    {
        foreach (var port in app.GivenPorts.GroupBy(given => given.Value, given => given.Key).Where(port => port.Count() > 1))
            problems.Error(app.Fields.LineOf(port.Last()), "", $"expected a free port: {port.Key} is given twice");
    }

    private static ResourceProblem InWordsOfFlags(ResourceProblem problem, IReadOnlyList<AppSetting> settings) =>
        problem.Line > 0 ? problem with { File = settings[problem.Line - 1].Flag, Line = 0, Field = "" } : problem with { File = problem.Field, Field = "" };

    private static string? IfThere(Func<string, bool> exists, string path) => exists(path) ? path : null;
}
