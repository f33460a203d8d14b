using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

/// <summary>The templates of one run, read together.</summary>
public sealed class SeveralTemplatesTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public SeveralTemplatesTests()
    {
        foreach (var name in (string[])["home", "shop/a", "shop/components/redis", "shop/components/embedded", "more/x", "more/y", "more/own/one", "more/own/two"])
            Directory.CreateDirectory(_folder.File(name));
        _folder.Write("shop/config.yaml", "");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Paths_start_from_the_folder_of_each_template_and_apps_know_where_they_are_from()
    {
        Shop("- { appID: a, appDirPath: a }");
        More("- { appID: x, appDirPath: x }\n- { appID: y, appDirPath: ../more/y }");

        var run = RunTemplate.Join(Load().Value!);

        Assert.Equal([_folder.File("shop/a"), _folder.File("more/x"), _folder.File("more/y")], run.Apps.Select(app => app.AppDirPath));
        Assert.Equal([File("shop"), File("more"), File("more")], run.Apps.Select(app => app.TemplateFile));
        Assert.Equal(["shop", "more", "more"], run.Apps.Select(app => app.TemplateName));
        Assert.Equal((File("shop"), "shop"), (run.File, run.Name));
        Assert.Equal([File("shop"), File("more")], run.Files);
    }

    [Fact]
    public void A_template_that_names_no_components_shares_those_of_the_first_down_to_their_relative_paths()
    {
        Shop("- { appID: a, appDirPath: . }", "common: { resourcesPaths: [components/redis], configFilePath: config.yaml, env: { A: b }, logLevel: debug }");
        More("- { appID: x, appDirPath: x, unixDomainSocket: run }");

        var app = Load().Value![1].Apps[0];

        Assert.Equal([_folder.File("shop/components/redis")], app.ResourcesPaths);
        Assert.Equal(_folder.File("shop/config.yaml"), app.ConfigFilePath);
        Assert.Equal((_folder.File("more/x"), _folder.File("shop")), (app.AppDirPath, app.SidecarDirectory));
        Assert.Equal(_folder.File("more/x/run"), app.UnixDomainSocket);

        // What is nobody's component stays with the template that says it.
        Assert.Empty(app.Env);
        Assert.Equal("info", app.LogLevel);
    }

    [Theory]
    [InlineData("common: { resourcesPaths: [own/one] }", "", "more/own/one")]
    [InlineData("", ", resourcesPaths: [../own/two]", "more/own/two")]
    [InlineData("", "", "more/x/.dapr/resources")]
    public void What_a_template_or_an_app_of_it_has_itself_is_not_shared(string common, string own, string expected)
    {
        if (expected.EndsWith(".dapr/resources", StringComparison.Ordinal))
            Directory.CreateDirectory(_folder.File(expected));
        Shop("- { appID: a, appDirPath: . }", "common: { resourcesPaths: [components/redis] }");
        More($"- {{ appID: x, appDirPath: x{own} }}", common);

        var app = Load().Value![1].Apps[0];

        Assert.Equal([_folder.File(expected)], app.ResourcesPaths);
        Assert.Equal(_folder.File("more/x"), app.SidecarDirectory);
    }

    [Fact]
    public void Apps_of_a_first_template_that_work_in_several_folders_have_no_folder_to_share()
    {
        Shop("- { appID: a, appDirPath: a }\n- { appID: b, appDirPath: . }", "common: { resourcesPaths: [components/redis] }");
        More("- { appID: x, appDirPath: x }");

        Assert.Equal(_folder.File("more/x"), Load().Value![1].Apps[0].SidecarDirectory);
    }

    [Fact]
    public void Shared_components_win_over_the_defaults_of_the_user_and_only_if_the_first_has_some()
    {
        Directory.CreateDirectory(_folder.File("home/.dapr/components"));
        More("- { appID: x, appDirPath: x }");
        Shop("- { appID: a, appDirPath: . }");
        var without = Load().Value![1].Apps[0];
        Shop("- { appID: a, appDirPath: . }", "common: { resourcesPaths: [components/redis] }");
        var with = Load().Value![1].Apps[0];

        Assert.Equal([_folder.File("home/.dapr/components")], without.ResourcesPaths);
        Assert.Equal(_folder.File("more/x"), without.SidecarDirectory);
        Assert.Equal([_folder.File("shop/components/redis")], with.ResourcesPaths);
    }

    [Fact]
    public void Component_sets_of_all_templates_are_swapped()
    {
        Shop("- { appID: a, appDirPath: . }", "common: { resourcesPaths: [components/redis] }\ncomponentSets: { folder: components, default: embedded }");
        More("- { appID: x, appDirPath: x }\n- { appID: y, appDirPath: y, resourcesPaths: [../own/one] }", "componentSets: { folder: own, default: two }");

        var choice = RunTemplate.Join(Load().Value!).WithComponentSet(null);

        Assert.Equal([_folder.File("shop/components/embedded"), _folder.File("shop/components/embedded"), _folder.File("more/own/two")], choice.Template!.Apps.SelectMany(app => app.ResourcesPaths));
        Assert.Equal(2, choice.Notice!.Split('\n').Length);
        Assert.Contains("there is no component set 'redis' in " + _folder.File("more/own"), RunTemplate.Join(Load().Value!).WithComponentSet("redis").Error);
    }

    [Fact]
    public void Ids_and_ports_that_are_given_twice_are_told_with_both_files()
    {
        Shop("- { appID: a, appDirPath: a, appPort: 5000 }");
        More("- { appID: a, appDirPath: x, daprHTTPPort: 5000 }\n- { appID: y, appDirPath: y, appPort: 5001, daprGRPCPort: 5001 }");

        var loaded = Load();

        Assert.Null(loaded.Value);
        Assert.Equal(
            [
                $"{File("more")}:3: apps[0].appID: expected another app id: 'a' is taken by the app at line 3 of {File("shop")}",
                $"{File("more")}:3: apps[0].daprHTTPPort: expected a free port: 5000 is taken by apps[0].appPort at line 3 of {File("shop")}",
                $"{File("more")}:4: apps[1].daprGRPCPort: expected a free port: 5001 is taken by apps[1].appPort at line 4",
            ],
            loaded.Errors.Select(error => error.ToString()));
    }

    [Fact]
    public void Apps_may_depend_on_those_of_another_template_but_not_in_a_circle()
    {
        Shop("- { appID: a, appDirPath: a }");
        More("- { appID: x, appDirPath: x, dependsOn: [a] }");
        Assert.Empty(Load().Problems);
        Assert.Contains("found 'a'", Assert.Single(RunTemplateLoader.Load(File("more"), _folder.File("home")).Errors).Message);

        Shop("- { appID: a, appDirPath: a, dependsOn: [x] }");
        Assert.Contains("goes round in a circle: a -> x -> a", Assert.Single(Load().Errors).ToString());
    }

    [Fact]
    public void All_problems_of_all_templates_are_told_and_one_that_is_missing_too()
    {
        Shop("- { appID: a, appDirPath: nowhere }");
        More("- { appID: x, appDirPath: x, appPrt: 1 }");

        var loaded = RunTemplateLoader.LoadAll([File("shop"), _folder.File("none.yaml"), _folder.File("more")], _folder.File("home"));

        Assert.Equal([File("shop"), _folder.File("none.yaml"), File("more")], loaded.Errors.Select(error => error.File));
        Assert.Null(loaded.Value);
        Assert.Null(loaded.Draft);
    }

    [Fact]
    public void A_template_that_is_given_twice_counts_once()
    {
        Shop("- { appID: a, appDirPath: a }");

        Assert.Single(RunTemplateLoader.LoadAll([_folder.File("shop"), File("shop")], _folder.File("home")).Value!);
    }

    [Fact]
    public void Programs_that_an_app_requires_are_names_without_a_folder()
    {
        Shop("- { appID: a, appDirPath: a, requires: [node, npm] }");
        Assert.Equal(["node", "npm"], Load().Value![0].Apps[0].Requires);

        Shop("- { appID: a, appDirPath: a, requires: [./node, ''] }");
        Assert.Equal(["apps[0].requires", "apps[0].requires"], Load().Errors.Select(error => error.Field));
    }

    private string File(string template) => _folder.File($"{template}/dapr.yaml");

    private void Shop(string apps, string more = "") => _folder.Write("shop/dapr.yaml", Yaml(apps, more));

    private void More(string apps, string more = "") => _folder.Write("more/dapr.yaml", Yaml(apps, more));

    private static string Yaml(string apps, string more) => $"version: 1\napps:\n{apps}\n{more}\n";

    private Loaded<IReadOnlyList<RunTemplate>> Load()
    {
        if (!System.IO.File.Exists(File("more")))
            More("- { appID: x, appDirPath: x }");
        return RunTemplateLoader.LoadAll([_folder.File("shop"), _folder.File("more")], _folder.File("home"));
    }
}
