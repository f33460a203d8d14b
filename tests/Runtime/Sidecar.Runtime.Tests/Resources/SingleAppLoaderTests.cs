using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Templates;
using TestSupport;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class SingleAppLoaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private Loaded<RunTemplate> Load(params (string Flag, string Field, string Value)[] settings) => SingleAppLoader.Load(
        _folder.Path, [.. settings.Select(setting => new AppSetting(setting.Flag, setting.Field, setting.Value))], _folder.File("home"));

    [Fact]
    public void Defaults_are_those_of_a_template()
    {
        var template = Load(("--app-id", "appID", "a")).Value!;

        Assert.True(template.IsSingleApp);
        var app = Assert.Single(template.Apps);
        Assert.Equal(("a", _folder.Path, 0, "http", "info", "4Mi"), (app.AppId, app.AppDirPath, app.AppPort, app.AppProtocol, app.LogLevel, app.MaxBodySize));
        Assert.Empty(app.ResourcesPaths);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("yes")]
    [InlineData("007")]
    [InlineData("~")]
    public void An_app_may_be_called_what_means_something_else_in_yaml(string name) =>
        Assert.Equal(name, Load(("--app-id", "appID", name)).Value!.Apps[0].AppId);

    [Fact]
    public void Several_values_make_a_list_in_their_order_and_a_command_stays_as_it_is()
    {
        Directory.CreateDirectory(_folder.File("one"));
        Directory.CreateDirectory(_folder.File("two"));

        var app = Load(
            ("--app-id", "appID", "a"), ("command", "command", "run"), ("-d", "resourcesPaths", "two"), ("command", "command", "-1"),
            ("--components-path", "resourcesPaths", "one"), ("command", "command", "true")).Value!.Apps[0];

        Assert.Equal([_folder.File("two"), _folder.File("one")], app.ResourcesPaths);
        Assert.Equal(["run", "-1", "true"], app.Command);
    }

    [Fact]
    public void A_number_that_is_not_given_may_be_said_as_minus_one()
    {
        var app = Load(("--app-id", "appID", "a"), ("--app-port", "appPort", "-1"), ("--app-max-concurrency", "appMaxConcurrency", "-1")).Value!.Apps[0];

        Assert.Equal((0, 0), (app.AppPort, app.AppMaxConcurrency));
    }

    [Fact]
    public void Every_mistake_is_told_in_words_of_its_flag()
    {
        var loaded = Load(("--app-id", "appID", "a.b"), ("-p", "appPort", "70000"), ("-H", "daprHTTPPort", "5000"), ("-d", "resourcesPaths", "nope"), ("-G", "daprGRPCPort", "5000"));

        Assert.Null(loaded.Value);
        Assert.Equal(
            [
                $"-d: expected a folder: '{_folder.File("nope")}' does not exist",
                "--app-id: expected a name without a dot, found 'a.b'",
                "-p: expected an integer from 0 to 65535, found the number 70000",
                "-G: expected a free port: 5000 is given twice",
            ],
            loaded.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void The_runtime_path_holds_the_defaults()
    {
        Directory.CreateDirectory(_folder.File("home/.dapr/components"));
        Directory.CreateDirectory(_folder.File("elsewhere/.dapr/components"));
        var configuration = _folder.Write("elsewhere/.dapr/config.yaml", "");
        Directory.CreateDirectory(_folder.File(".dapr/resources"));

        Assert.Equal([_folder.File("home/.dapr/components")], Load(("--app-id", "appID", "a")).Value!.Apps[0].ResourcesPaths);
        var app = Load(("--app-id", "appID", "a"), ("--runtime-path", "runtimePath", "elsewhere")).Value!.Apps[0];
        Assert.Equal([_folder.File("elsewhere/.dapr/components")], app.ResourcesPaths);
        Assert.Equal(configuration, app.ConfigFilePath);
    }
}
