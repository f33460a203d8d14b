using System.Text.RegularExpressions;
using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Runtime.Resources.Templates;

/// <summary>
/// The settings that <c>common</c> and each app of a run template may give. null = not given or zero, which is the same to
/// Dapr: an app can override a common <c>true</c> or number only by another value, never by <c>false</c> or 0.
/// </summary>
internal sealed partial record SharedSettings
{
    /// <summary>Given, valid, and read by nothing in this runtime yet.</summary>
    private static readonly string[] NotActedUpon =
        ["enableProfiling", "placementHostAddress", "schedulerHostAddress"];

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public string? ConfigFilePath { get; init; }

    public string? AppProtocol { get; init; }

    public bool AppSsl { get; init; }

    public string? ApiListenAddresses { get; init; }

    public string? LogLevel { get; init; }

    public int? AppMaxConcurrency { get; init; }

    public string? MaxBodySize { get; init; }

    public string? ReadBufferSize { get; init; }

    public bool EnableAppHealthCheck { get; init; }

    public string? AppHealthCheckPath { get; init; }

    public int? AppHealthProbeInterval { get; init; }

    public int? AppHealthProbeTimeout { get; init; }

    public int? AppHealthThreshold { get; init; }

    public bool EnableApiLogging { get; init; }

    public string? RuntimePath { get; init; }

    public string? AppLogDestination { get; init; }

    public string? DaprdLogDestination { get; init; }

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    public IReadOnlyList<string> WithoutEffect { get; init; } = [];

    /// <param name="baseDirectory">Folder that relative paths start from; null when it is unknown because it is wrong.</param>
    public static SharedSettings Read(YamlFields fields, TemplatePaths paths, string? baseDirectory)
    {
        fields.Flag("enableProfiling");
        var placement = fields.Text("placementHostAddress");
        var scheduler = fields.Text("schedulerHostAddress");
        var resources = paths.Folders(fields, "resourcesPaths", baseDirectory);
        if (paths.Folder(fields, "resourcesPath", baseDirectory) is { } deprecated && !resources.Contains(deprecated))
            resources.Add(deprecated);
        return new SharedSettings
        {
            ResourcesPaths = resources,
            ConfigFilePath = paths.File(fields, "configFilePath", baseDirectory),
            AppProtocol = fields.ChoiceOfAnyCase("appProtocol", "http", "https", "h2c", "grpc", "grpcs"),
            AppSsl = fields.Flag("appSSL"),
            ApiListenAddresses = Text(fields, "apiListenAddresses"),
            LogLevel = fields.ChoiceOfAnyCase("logLevel", "debug", "info", "warn", "error", "fatal"),
            AppMaxConcurrency = Number(fields, "appMaxConcurrency", -1),
            MaxBodySize = Quantity(fields, "maxBodySize"),
            ReadBufferSize = Quantity(fields, "readBufferSize"),
            EnableAppHealthCheck = fields.Flag("enableAppHealthCheck"),
            AppHealthCheckPath = Text(fields, "appHealthCheckPath"),
            AppHealthProbeInterval = Number(fields, "appHealthProbeInterval", 0),
            AppHealthProbeTimeout = Number(fields, "appHealthProbeTimeout", 0),
            AppHealthThreshold = Number(fields, "appHealthThreshold", 0),
            EnableApiLogging = fields.Flag("enableApiLogging"),
            RuntimePath = paths.Folder(fields, "runtimePath", baseDirectory),
            AppLogDestination = fields.Choice("appLogDestination", "file", "console", "fileAndConsole"),
            DaprdLogDestination = fields.Choice("daprdLogDestination", "file", "console", "fileAndConsole"),
            Env = fields.TextMap("env", TextForm.AsWritten),
            // An empty address switches placement or scheduler off, which is how things are here.
            WithoutEffect = Given(fields, NotActedUpon.Where(name =>
                !(name == "placementHostAddress" && placement is "") && !(name == "schedulerHostAddress" && scheduler is ""))),
        };
    }

    public static IReadOnlyList<string> Given(YamlFields fields, IEnumerable<string> names) =>
        [.. names.Where(name => fields.Node(name) is not null and not YamlScalar { Value: false })];

    /// <summary>These values where given, else those of <paramref name="common"/>. Paths have an order of their own and are not merged.</summary>
    public SharedSettings Over(SharedSettings common)
    {
        var env = new Dictionary<string, string>(common.Env, StringComparer.Ordinal);
        foreach (var (name, value) in Env)
            env[name] = value;
        return this with
        {
            AppProtocol = AppProtocol ?? common.AppProtocol,
            AppSsl = AppSsl || common.AppSsl,
            ApiListenAddresses = ApiListenAddresses ?? common.ApiListenAddresses,
            LogLevel = LogLevel ?? common.LogLevel,
            AppMaxConcurrency = AppMaxConcurrency ?? common.AppMaxConcurrency,
            MaxBodySize = MaxBodySize ?? common.MaxBodySize,
            ReadBufferSize = ReadBufferSize ?? common.ReadBufferSize,
            EnableAppHealthCheck = EnableAppHealthCheck || common.EnableAppHealthCheck,
            AppHealthCheckPath = AppHealthCheckPath ?? common.AppHealthCheckPath,
            AppHealthProbeInterval = AppHealthProbeInterval ?? common.AppHealthProbeInterval,
            AppHealthProbeTimeout = AppHealthProbeTimeout ?? common.AppHealthProbeTimeout,
            AppHealthThreshold = AppHealthThreshold ?? common.AppHealthThreshold,
            EnableApiLogging = EnableApiLogging || common.EnableApiLogging,
            RuntimePath = RuntimePath ?? common.RuntimePath,
            AppLogDestination = AppLogDestination ?? common.AppLogDestination,
            DaprdLogDestination = DaprdLogDestination ?? common.DaprdLogDestination,
            Env = env,
            WithoutEffect = [.. WithoutEffect.Union(common.WithoutEffect)],
        };
    }

    /// <summary>Common values of a template; resources and configuration that it does not name are those of another.</summary>
    public SharedSettings Or(SharedSettings other) => this with
    {
        ResourcesPaths = ResourcesPaths.Count > 0 ? ResourcesPaths : other.ResourcesPaths,
        ConfigFilePath = ConfigFilePath ?? other.ConfigFilePath,
    };

    private static string? Text(YamlFields fields, string name) =>
        fields.Text(name, TextForm.AsWritten) is { Length: > 0 } text ? text : null;

    private static int? Number(YamlFields fields, string name, int minimum) =>
        fields.Integer(name, minimum, int.MaxValue) is var number && number != 0 ? number : null;

    private static string? Quantity(YamlFields fields, string name)
    {
        if (Text(fields, name) is not { } text)
            return null;
        if (!QuantityPattern.IsMatch(text))
            fields.Problems.Error(fields.LineOf(name), fields.PathOf(name), $"expected a size such as 4Mi or 512Ki, found '{text}'");
        return text;
    }

    [GeneratedRegex(@"^\+?(\d+(\.\d*)?|\.\d+)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex QuantityPattern { get; }
}
