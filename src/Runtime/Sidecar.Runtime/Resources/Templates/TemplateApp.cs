using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>One entry of <c>apps</c> as it is read, before common values are merged in.</summary>
/// <param name="AppDirPath">Absolute; null when missing or wrong, which is reported.</param>
internal sealed record TemplateApp(YamlFields Fields, string? AppDirPath, SharedSettings Settings)
{
    private static readonly string[] Ports =
    [
        "appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort", "profilePort",
    ];

    /// <summary>Names of an app's own settings, which <c>common</c> may not give.</summary>
    public static IReadOnlyList<string> OwnFields { get; } =
    [
        "appDirPath", "appID", "command", .. Ports, "appChannelAddress", "unixDomainSocket", "containerImage", "containerImagePullPolicy", "createService",
        .. RunExtras.Names,
    ];

    private static readonly string[] NotActedUpon =
    [
        "metricsPort", "profilePort", "containerImage", "containerImagePullPolicy", "createService",
    ];

    public string AppId { get; private init; } = "";

    public string? AppChannelAddress { get; private init; }

    public string? UnixDomainSocket { get; private init; }

    public IReadOnlyList<string> Command { get; private init; } = [];

    public RunExtras Extras { get; private init; } = new();

    /// <summary>Ports that are given, by field name.</summary>
    public IReadOnlyDictionary<string, int> GivenPorts { get; private init; } = new Dictionary<string, int>();

    public IReadOnlyList<string> WithoutEffect { get; private init; } = [];

    public static TemplateApp Read(YamlFields fields, TemplatePaths paths, string templateDirectory)
    {
        fields.RequiredText("appDirPath", TextForm.AsWritten);
        var directory = paths.Folder(fields, "appDirPath", templateDirectory);
        var settings = SharedSettings.Read(fields, paths, directory);
        fields.Text("containerImage", TextForm.AsWritten);
        fields.Choice("containerImagePullPolicy", "Always", "Never", "IfNotPresent");
        fields.Flag("createService");
        var app = new TemplateApp(fields, directory, settings)
        {
            AppId = ReadAppId(fields, directory),
            Command = fields.Texts("command", TextForm.AsWritten),
            AppChannelAddress = fields.Text("appChannelAddress", TextForm.AsWritten),
            UnixDomainSocket = fields.Text("unixDomainSocket", TextForm.AsWritten),
            GivenPorts = Ports.Select(name => (name, Port: fields.Integer(name, 0, 65535))).Where(pair => pair.Port > 0).ToDictionary(),
            Extras = RunExtras.Read(fields, paths, directory),
            WithoutEffect = SharedSettings.Given(fields, NotActedUpon),
        };
        fields.RefuseUnknown();
        return app;
    }

    private static string ReadAppId(YamlFields fields, string? directory)
    {
        var given = fields.Text("appID", TextForm.AsWritten);
        var appId = string.IsNullOrEmpty(given) ? Path.GetFileName(directory) ?? "" : given;
        if (!appId.Contains('.', StringComparison.Ordinal))
            return appId;
        var where = string.IsNullOrEmpty(given) ? $"the last part of appDirPath, '{appId}', has one: give an appID" : $"found '{appId}'";
        fields.Problems.Error(fields.LineOf("appID"), fields.PathOf("appID"), $"expected a name without a dot, {where}");
        return appId;
    }

    /// <summary>The app with common values and Dapr's order of resource and configuration paths (contract section 4.7).</summary>
    public RunApp Resolve(SharedSettings common, TemplatePaths paths)
    {
        var merged = Settings.Over(common);
        var local = Path.Combine(AppDirPath ?? "", ".dapr");
        var installed = merged.RuntimePath is { } runtime ? DaprFolder.In(runtime) : paths.Installed;
        return new RunApp(AppId, AppDirPath ?? "")
        {
            Command = Command,
            DependsOn = Extras.DependsOn,
            Restart = Extras.Restart,
            Watch = Extras.Watch,
            Build = Extras.Build,
            Requires = Extras.Requires,
            AppPort = GivenPorts.GetValueOrDefault("appPort"),
            DaprHttpPort = GivenPorts.GetValueOrDefault("daprHTTPPort"),
            DaprGrpcPort = GivenPorts.GetValueOrDefault("daprGRPCPort"),
            DaprInternalGrpcPort = GivenPorts.GetValueOrDefault("daprInternalGRPCPort"),
            MetricsPort = GivenPorts.GetValueOrDefault("metricsPort"),
            ProfilePort = GivenPorts.GetValueOrDefault("profilePort"),
            AppChannelAddress = string.IsNullOrEmpty(AppChannelAddress) ? "127.0.0.1" : AppChannelAddress,
            UnixDomainSocket = string.IsNullOrEmpty(UnixDomainSocket) ? null : UnixDomainSocket,
            ResourcesPaths = FirstThatExists(Settings.ResourcesPaths, Path.Combine(local, "resources"), common.ResourcesPaths, DaprFolder.Components(installed)),
            ConfigFilePath = Settings.ConfigFilePath ?? IfFile(Path.Combine(local, "config.yaml")) ?? common.ConfigFilePath ?? IfFile(DaprFolder.Configuration(installed)),
            AppProtocol = Protocol(merged),
            ApiListenAddresses = merged.ApiListenAddresses,
            LogLevel = merged.LogLevel ?? "info",
            AppMaxConcurrency = merged.AppMaxConcurrency ?? 0,
            MaxBodySize = merged.MaxBodySize ?? "4Mi",
            ReadBufferSize = merged.ReadBufferSize ?? "4Ki",
            EnableAppHealthCheck = merged.EnableAppHealthCheck,
            AppHealthCheckPath = merged.AppHealthCheckPath,
            AppHealthProbeInterval = merged.AppHealthProbeInterval ?? 0,
            AppHealthProbeTimeout = merged.AppHealthProbeTimeout ?? 0,
            AppHealthThreshold = merged.AppHealthThreshold ?? 0,
            EnableApiLogging = merged.EnableApiLogging,
            Env = merged.Env,
            AppLogDestination = merged.AppLogDestination ?? "fileAndConsole",
            DaprdLogDestination = merged.DaprdLogDestination ?? "file",
            WithoutEffect = [.. merged.WithoutEffect.Union(WithoutEffect)],
        };
    }

    private static IReadOnlyList<string> FirstThatExists(IReadOnlyList<string> own, string local, IReadOnlyList<string> common, string installed)
    {
        if (own.Count > 0)
            return own;
        if (Directory.Exists(local))
            return [local];
        return common.Count > 0 ? common : Directory.Exists(installed) ? [installed] : [];
    }

    private static string? IfFile(string path) => File.Exists(path) ? path : null;

    /// <summary><c>appSSL</c> is the older way to ask for TLS to the app.</summary>
    private static string Protocol(SharedSettings settings) => (settings.AppProtocol ?? "http", settings.AppSsl) switch
    {
        ("http", true) => "https",
        ("grpc", true) => "grpcs",
        var (protocol, _) => protocol,
    };
}
