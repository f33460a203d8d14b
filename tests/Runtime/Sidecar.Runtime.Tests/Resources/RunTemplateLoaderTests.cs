using Sidecar.Runtime.Resources;
using TestSupport;
using static Sidecar.Runtime.Tests.Resources.ResourceFiles;

namespace Sidecar.Runtime.Tests.Resources;

public sealed class RunTemplateLoaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public RunTemplateLoaderTests()
    {
        foreach (var name in (string[])["home", "apps/orders", "apps/carts", "components/redis", "components/embedded", "config"])
            Directory.CreateDirectory(_folder.File(name));
    }

    public void Dispose() => _folder.Dispose();

    private Loaded<RunTemplate> Load(string text)
    {
        _folder.Write("dapr.yaml", text);
        return RunTemplateLoader.Load(_folder.Path, _folder.File("home"));
    }

    private RunTemplate LoadWell(string text)
    {
        var loaded = Load(text);
        Assert.Empty(Told(loaded.Problems));
        return loaded.Value!;
    }

    [Fact]
    public void The_shortest_template_gets_all_defaults()
    {
        var template = LoadWell("""
            version: 1
            apps:
            - appDirPath: ./apps/orders/
            """);

        Assert.Equal(_folder.File("dapr.yaml"), template.File);
        Assert.Equal(Path.GetFileName(_folder.Path), template.Name);
        var app = Assert.Single(template.Apps);
        Assert.Equal(("orders", _folder.File("apps/orders")), (app.AppId, app.AppDirPath));
        Assert.Equal((0, 0, "127.0.0.1", "http", "info"), (app.AppPort, app.DaprHttpPort, app.AppChannelAddress, app.AppProtocol, app.LogLevel));
        Assert.Equal(("4Mi", "4Ki", "fileAndConsole", "file"), (app.MaxBodySize, app.ReadBufferSize, app.AppLogDestination, app.DaprdLogDestination));
        Assert.Empty(app.Command);
        Assert.Empty(app.ResourcesPaths);
        Assert.Null(app.ConfigFilePath);
        Assert.Empty(template.ComponentSets);
    }

    [Fact]
    public void A_broken_template_still_tells_where_its_resources_are_unless_that_is_what_is_broken()
    {
        const string Text = "version: 1\ncommon:\n  resourcesPath: ./components/redis\nnmae: x\napps:\n- appDirPath: apps/orders\n";

        Assert.Null(Load(Text).Value);
        Assert.Equal([_folder.File("components/redis")], Load(Text).Draft!.Apps[0].ResourcesPaths);
        Assert.Null(Load(Text + "componentSet: { folder: ./components, default: embedded }\n").Draft);
    }

    [Fact]
    public void The_runtime_path_holds_the_default_components()
    {
        Directory.CreateDirectory(_folder.File("elsewhere/.dapr/components"));

        var app = LoadWell("version: 1\ncommon:\n  runtimePath: ./elsewhere\napps:\n- appDirPath: apps/orders\n").Apps[0];

        Assert.Equal([_folder.File("elsewhere/.dapr/components")], app.ResourcesPaths);
        Assert.Empty(app.WithoutEffect);
    }

    private const string EveryField = """
        version: 1
        name: shop
        common:
          resourcesPaths: [./config, ./components/redis]
          configFilePath: ./config/config.yaml
          env: { A: common, B: 010, C: }
          appLogDestination: console
        apps:
        - appID: order-service
          appDirPath: ./apps/orders
          appPort: 5001
          daprHTTPPort: 3501
          daprGRPCPort: 50011
          daprInternalGRPCPort: 50012
          metricsPort: 9091
          profilePort: 7771
          command: [dotnet, run, 1]
          appChannelAddress: 127.0.0.2
          unixDomainSocket: /tmp/sockets
          appProtocol: h2c
          apiListenAddresses: 127.0.0.1,::1
          enableProfiling: true
          logLevel: debug
          appMaxConcurrency: 5
          placementHostAddress: localhost:50005
          schedulerHostAddress: ""
          maxBodySize: 16Mi
          readBufferSize: 8Ki
          enableAppHealthCheck: true
          appHealthCheckPath: /healthz
          appHealthProbeInterval: 3
          appHealthProbeTimeout: 200
          appHealthThreshold: 2
          enableApiLogging: true
          env: { A: own }
          appLogDestination: file
          daprdLogDestination: console
          containerImage: x:1
          containerImagePullPolicy: Never
          createService: false
        """;

    private RunTemplate LoadEveryField()
    {
        _folder.Write("config/config.yaml", "");
        return LoadWell(EveryField);
    }

    [Fact]
    public void Every_field_of_an_app_and_its_process_is_read()
    {
        var template = LoadEveryField();

        Assert.Equal("shop", template.Name);
        var app = Assert.Single(template.Apps);
        Assert.Equal("order-service", app.AppId);
        Assert.Equal(["dotnet", "run", "1"], app.Command);
        Assert.Equal([_folder.File("config"), _folder.File("components/redis")], app.ResourcesPaths);
        Assert.Equal(_folder.File("config/config.yaml"), app.ConfigFilePath);
        Assert.Equal([("A", "own"), ("B", "010"), ("C", "")], app.Env.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => (pair.Key, pair.Value)));
        Assert.Equal(("file", "console"), (app.AppLogDestination, app.DaprdLogDestination));
    }

    [Fact]
    public void Every_field_of_a_sidecar_is_read()
    {
        var app = Assert.Single(LoadEveryField().Apps);

        Assert.Equal(
            (5001, 3501, 50011, 50012, 9091, 7771),
            (app.AppPort, app.DaprHttpPort, app.DaprGrpcPort, app.DaprInternalGrpcPort, app.MetricsPort, app.ProfilePort));
        Assert.Equal(("127.0.0.2", "/tmp/sockets", "h2c", "127.0.0.1,::1", "debug"), (app.AppChannelAddress, app.UnixDomainSocket, app.AppProtocol, app.ApiListenAddresses, app.LogLevel));
        Assert.Equal((5, "16Mi", "8Ki", true, "/healthz", 3, 200, 2, true), (app.AppMaxConcurrency, app.MaxBodySize, app.ReadBufferSize, app.EnableAppHealthCheck, app.AppHealthCheckPath, app.AppHealthProbeInterval, app.AppHealthProbeTimeout, app.AppHealthThreshold, app.EnableApiLogging));
    }

    [Fact]
    public void Fields_without_effect_are_listed() => Assert.Equal(
        [
            "containerImage", "containerImagePullPolicy", "enableProfiling", "metricsPort", "placementHostAddress", "profilePort",
        ],
        Assert.Single(LoadEveryField().Apps).WithoutEffect.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_mistake_is_told_at_once_with_line_field_and_expectation()
    {
        var loaded = Load("""
            name: [shop]
            common:
              appPort: 1
              resourcesPaths: [./components/nowhere]
              logLevel: debgu
            apps:
            - appDirPath: ./apps/orders
              appId: x
              appPort: 5001
              daprHTTPPort: 5001
              command: dotnet run
            - appDirPath: ./apps/nowhere
              appID: shop.orders
              resourcesPaths: [relative]
            - appDirPath: ./apps/carts
              appID: orders
              appPort: 5001
              metricsPort: 70000
              appProtocol: htpp
              maxBodySize: big
              enableAppHealthCheck: "true"
              configFilePath: ../../config
            - appID: nothing
              env: [A]
            comon: {}
            """);

        Assert.Null(loaded.Value);
        string At(string path) => _folder.File(path);
        Assert.Equal(
            [
                "1 version: expected 1; this field is required",
                "1 name: expected a text, found a list",
                "3 common.appPort: cannot be shared; give it to each app",
                $"4 common.resourcesPaths[0]: expected a folder: '{At("components/nowhere")}' does not exist",
                "5 common.logLevel: expected debug, info, warn, error or fatal, found 'debgu'; did you mean 'debug'?",
                "8 apps[0].appId: unknown field; did you mean 'appID'?",
                "10 apps[0].daprHTTPPort: expected a free port: 5001 is taken by apps[0].appPort at line 9",
                "11 apps[0].command: expected a list of texts, found the text 'dotnet run'",
                $"12 apps[1].appDirPath: expected a folder: '{At("apps/nowhere")}' does not exist",
                "13 apps[1].appID: expected a name without a dot, found 'shop.orders'",
                "16 apps[2].appID: expected another app id: 'orders' is taken by the app at line 7",
                "17 apps[2].appPort: expected a free port: 5001 is taken by apps[0].appPort at line 9",
                "18 apps[2].metricsPort: expected an integer from 0 to 65535, found the number 70000",
                "19 apps[2].appProtocol: expected http, https, h2c, grpc or grpcs, found 'htpp'; did you mean 'http'?",
                "20 apps[2].maxBodySize: expected a size such as 4Mi or 512Ki, found 'big'",
                "21 apps[2].enableAppHealthCheck: expected true or false, found the text 'true'",
                $"22 apps[2].configFilePath: expected a file: '{At("config")}' is a folder",
                "23 apps[3].appDirPath: expected a text; this field is required",
                "24 apps[3].env: expected a map of texts, found a list",
                "25 comon: unknown field; did you mean 'common'?",
            ],
            Told(loaded.Errors));
    }

    [Fact]
    public void Resources_and_configuration_come_from_the_nearest_place_that_has_them()
    {
        foreach (var name in (string[])["own", "home/.dapr/components", "apps/carts/.dapr/resources", "apps/payments", "apps/orders/res"])
            Directory.CreateDirectory(_folder.File(name));
        _folder.Write("config/config.yaml", "");
        _folder.Write("home/.dapr/config.yaml", "");
        _folder.Write("apps/carts/.dapr/config.yaml", "");
        _folder.Write("home/own.yaml", "");
        const string Apps = """
            apps:
            - appDirPath: apps/orders
              resourcesPaths: [./res]
              resourcesPath: ../../own
              configFilePath: ~/own.yaml
            - appDirPath: apps/carts
            - appDirPath: apps/payments
            """;

        var withCommon = LoadWell($"version: 1\ncommon: {{ resourcesPath: ./config, configFilePath: config/config.yaml }}\n{Apps}");
        var without = LoadWell($"version: 1\n{Apps}");

        string At(string path) => _folder.File(path);
        Assert.Equal([At("apps/orders/res"), At("own")], withCommon.Apps[0].ResourcesPaths);
        Assert.Equal([At("apps/carts/.dapr/resources")], withCommon.Apps[1].ResourcesPaths);
        Assert.Equal([At("config")], withCommon.Apps[2].ResourcesPaths);
        Assert.Equal([At("home/.dapr/components")], without.Apps[2].ResourcesPaths);
        Assert.Equal(
            [At("home/own.yaml"), At("apps/carts/.dapr/config.yaml"), At("config/config.yaml"), At("home/.dapr/config.yaml")],
            withCommon.Apps.Append(without.Apps[2]).Select(app => app.ConfigFilePath));
    }

    [Fact]
    public void An_app_value_wins_over_a_common_one_unless_it_is_zero()
    {
        var template = LoadWell("""
            version: 1
            common: { logLevel: warn, enableApiLogging: true, appHealthThreshold: 7, maxBodySize: 8Mi, appSSL: true, appMaxConcurrency: -1 }
            apps:
            - { appDirPath: apps/orders, logLevel: debug, enableApiLogging: false, appHealthThreshold: 0, maxBodySize: 1Mi }
            - { appDirPath: apps/carts, appProtocol: grpc, appMaxConcurrency: 3 }
            """);

        Assert.Equal(
            [("debug", true, 7, "1Mi", "https", -1), ("warn", true, 7, "8Mi", "grpcs", 3)],
            template.Apps.Select(app => (app.LogLevel, app.EnableApiLogging, app.AppHealthThreshold, app.MaxBodySize, app.AppProtocol, app.AppMaxConcurrency)));
    }

    [Fact]
    public void A_missing_template_is_told_with_its_path() =>
        Assert.Equal(
            $"{_folder.File("apps/dapr.yaml")}: expected a run template: does not exist",
            Assert.Single(RunTemplateLoader.Load(_folder.File("apps")).Errors).ToString());

    [Theory]
    [InlineData("", "1 : expected a run template with version and apps, found an empty file")]
    [InlineData("[]", "1 : expected a run template with version and apps, found a list")]
    [InlineData("version: 2\napps: []", "1 version: expected 1, found the number 2|2 apps: expected a list with at least one app; this field is required")]
    public void What_is_no_template_is_told(string text, string expected) =>
        Assert.Equal(expected.Split('|'), Told(Load(text).Errors));
}
