using Sidecar.Runtime.Resources;
using TestSupport;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>The keys of a template that only this runtime knows, and forms of the official ones that its documentation shows.</summary>
public sealed class RunTemplateExtrasTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public RunTemplateExtrasTests()
    {
        foreach (var name in (string[])["home", "a/src", "b", "c", "d", "one", "two"])
            Directory.CreateDirectory(_folder.File(name));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Apps_may_depend_on_each_other_restart_and_name_their_sources_and_build()
    {
        var loaded = Load("""
            version: 1
            apps:
            - appDirPath: a
              dependsOn: [b, c]
              restart: on-failure
              watch: [src, ../one]
              build: [make, all]
            - appDirPath: b
              restart: no
            - appDirPath: c
              watch: .
            """);

        Assert.Empty(Told(loaded.Problems));
        var apps = loaded.Value!.Apps;
        Assert.Equal(["b", "c"], apps[0].DependsOn);
        Assert.Equal([RestartPolicy.OnFailure, RestartPolicy.No, RestartPolicy.No], apps.Select(app => app.Restart));
        Assert.Equal([_folder.File("a/src"), _folder.File("one")], apps[0].Watch);
        Assert.Equal(["make", "all"], apps[0].Build);
        Assert.Equal([_folder.File("c")], apps[2].Watch);
        Assert.Empty(apps[1].DependsOn);
    }

    [Fact]
    public void Dependencies_that_cannot_be_kept_are_told_with_line_and_field()
    {
        var loaded = Load("""
            version: 1
            common:
              restart: on-failure
            apps:
            - appDirPath: a
              dependsOn:
              - b
              - inventroy
            - appDirPath: b
              dependsOn: [c]
            - appDirPath: c
              dependsOn: [a, c]
            - appID: inventory
              appDirPath: d
              dependsOn: a
              restart: onfailure
              watch: [nowhere]
            """);

        Assert.Equal(
            [
                "3 common.restart: cannot be shared; give it to each app",
                "8 apps[0].dependsOn: expected the id of an app of this template, found 'inventroy'; did you mean 'inventory'?",
                "12 apps[2].dependsOn: goes round in a circle: a -> b -> c -> a",
                "12 apps[2].dependsOn: goes round in a circle: c -> c",
                "15 apps[3].dependsOn: expected a list of texts, found the text 'a'",
                "16 apps[3].restart: expected no or on-failure, found 'onfailure'; did you mean 'on-failure'?",
                $"17 apps[3].watch[0]: expected a folder: '{_folder.File("d/nowhere")}' does not exist",
            ],
            Told(loaded.Errors));
    }

    [Fact]
    public void Two_ways_to_one_app_are_no_circle_and_a_long_chain_is_followed()
    {
        var chain = string.Join('\n', Enumerable.Range(0, 5_000).Select(number => $"- {{ appDirPath: a, appID: x{number}, dependsOn: [x{number + 1}, x5000] }}"));

        Assert.Empty(Told(Load($"version: 1\napps:\n{chain}\n- {{ appDirPath: a, appID: x5000 }}\n").Problems));
    }

    [Theory]
    [InlineData("resourcesPaths: ../one, ../two")]
    [InlineData("resourcesPaths: [../one, ../two]")]
    [InlineData("resourcesPaths: ../one\n  resourcesPath: ../two")]
    [InlineData("resourcesPaths: ../one, ../two\n  resourcesPath: ../two")]
    public void Resource_folders_may_be_one_text_with_commas(string field)
    {
        var loaded = Load($"version: 1\napps:\n- appDirPath: a\n  {field}\n");

        Assert.Empty(Told(loaded.Problems));
        Assert.Equal([_folder.File("one"), _folder.File("two")], loaded.Value!.Apps[0].ResourcesPaths);
    }

    [Fact]
    public void Protocol_and_log_level_are_read_without_regard_to_case() =>
        Assert.Equal(("http", "debug"), Load("version: 1\napps:\n- { appDirPath: a, appProtocol: HTTP, logLevel: Debug }\n").Value!.Apps.Select(app => (app.AppProtocol, app.LogLevel)).Single());

    private Loaded<RunTemplate> Load(string text)
    {
        _folder.Write("dapr.yaml", text);
        return RunTemplateLoader.Load(_folder.Path, _folder.File("home"));
    }
}
