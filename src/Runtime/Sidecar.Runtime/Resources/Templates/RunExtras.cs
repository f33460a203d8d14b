using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>The keys of an app that are ours; the official command line ignores them.</summary>
internal sealed record RunExtras
{
    public static IReadOnlyList<string> Names { get; } = ["dependsOn", "restart", "watch", "build", "requires"];

    public IReadOnlyList<string> DependsOn { get; private init; } = [];

    public RestartPolicy Restart { get; private init; }

    public IReadOnlyList<string> Watch { get; private init; } = [];

    public IReadOnlyList<string> Build { get; private init; } = [];

    public IReadOnlyList<string> Requires { get; private init; } = [];

    public static RunExtras Read(YamlFields fields, TemplatePaths paths, string? appDirectory) => new()
    {
        DependsOn = fields.Texts("dependsOn", TextForm.AsWritten),
        Restart = fields.Choice("restart", "no", "on-failure") == "on-failure" ? RestartPolicy.OnFailure : RestartPolicy.No,
        Watch = paths.Folders(fields, "watch", appDirectory),
        Build = fields.Texts("build", TextForm.AsWritten),
        Requires = ReadRequires(fields),
    };

    private static IReadOnlyList<string> ReadRequires(YamlFields fields)
    {
        const string Field = "requires";
        var programs = fields.Texts(Field, TextForm.AsWritten);
        foreach (var wrong in programs.Where(program => program.Length == 0 || program.AsSpan().ContainsAny('/', '\\')))
            fields.Problems.Error(fields.LineOf(Field), fields.PathOf(Field), $"expected names of programs, such as node, to look for in PATH; found '{wrong}'");
        return programs;
    }
}
