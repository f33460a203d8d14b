using System.CommandLine;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Single;

/// <summary>
/// The flags of <c>dapr run</c> for one app: names, short forms and meaning of the official command line. Each is a field of a
/// run template; what a value may be is decided there.
/// </summary>
internal sealed class SingleAppFlags
{
    private readonly List<Flag> _flags = [];
    private readonly Dictionary<Option, string> _inPlace = [];
    private readonly Option<string?> _maxRequestSize;
    private readonly Option<string?> _readBuffer;

    public SingleAppFlags()
    {
        AppId = Text("appID", "ID", "Id of the app, by which others find it; default: a name is made up", "--app-id", "-a");
        Text("appPort", "PORT", "Port the app listens on", "--app-port", "-p");
        Text("appProtocol", "PROTOCOL", "How to talk to the app: http, https, h2c, grpc, grpcs; default: http", "--app-protocol", "-P");
        Text("appChannelAddress", "HOST", "Where the app listens; default: 127.0.0.1", "--app-channel-address");
        Text("appMaxConcurrency", "N", "Calls to the app at the same time; default: no limit", "--app-max-concurrency");
        Text("daprHTTPPort", "PORT", "Port of the sidecar's HTTP API; default: a free one", "--dapr-http-port", "-H");
        Text("daprGRPCPort", "PORT", "Port of the sidecar's gRPC API; default: a free one", "--dapr-grpc-port", "-G");
        Text("daprInternalGRPCPort", "PORT", "Port for other sidecars; default: a free one", "--dapr-internal-grpc-port", "-I");
        Text("metricsPort", "PORT", "Port of the sidecar's metrics", "--metrics-port", "-M");
        Text("profilePort", "PORT", "Port of the profiler", "--profile-port");
        List("resourcesPaths", "FOLDER", "Folder of resources; may be repeated; default: ~/.dapr/components", "--resources-path", "-d");
        Deprecated(List("resourcesPaths", "FOLDER", "The old name of --resources-path", "--components-path"), "--resources-path");
        Text("configFilePath", "FILE", "Configuration; default: ~/.dapr/config.yaml", "--config", "-c");
        Text("apiListenAddresses", "ADDRESSES", "Comma-separated addresses of the sidecar's APIs; default: loopback", "--dapr-listen-addresses");
        Text("unixDomainSocket", "FOLDER", "Folder for sockets that the sidecar's APIs listen on in place of ports", "--unix-domain-socket", "-u");
        Text("logLevel", "LEVEL", "Of the sidecar: debug, info, warn, error, fatal; default: info", "--log-level");
        Text("maxBodySize", "SIZE", "Largest request body; default: 4Mi", "--max-body-size");
        Text("readBufferSize", "SIZE", "Largest request header; default: 4Ki", "--read-buffer-size");
        _maxRequestSize = Deprecated(Option("MB", "The old name of --max-body-size, in MB", "--dapr-http-max-request-size"), "--max-body-size");
        _readBuffer = Deprecated(Option("KB", "The old name of --read-buffer-size, in KB", "--dapr-http-read-buffer-size"), "--read-buffer-size");
        Switch("enableAppHealthCheck", "Ask the app whether it is well", "--enable-app-health-check");
        Text("appHealthCheckPath", "PATH", "Where to ask; default: /healthz", "--app-health-check-path");
        Text("appHealthProbeInterval", "SECONDS", "How often to ask; default: 5", "--app-health-probe-interval");
        Text("appHealthProbeTimeout", "MILLISECONDS", "How long to wait for the answer; default: 500", "--app-health-probe-timeout");
        Text("appHealthThreshold", "N", "Failures in a row that make the app unwell; default: 3", "--app-health-threshold");
        Switch("enableApiLogging", "Log every call of the sidecar's API", "--enable-api-logging");
        Switch("enableProfiling", "Serve profiles", "--enable-profiling");
        Text("placementHostAddress", "HOST:PORT", "Placement service", "--placement-host-address");
        Text("schedulerHostAddress", "HOST:PORT", "Scheduler service", "--scheduler-host-address");
        Text("runtimePath", "FOLDER", "Folder that holds .dapr with default components and configuration; default: home", "--runtime-path");
        Deprecated(Switch("appSSL", "The old way to say --app-protocol https or grpcs", "--app-ssl"), "--app-protocol https or grpcs");
    }

    public Option<string?> AppId { get; }

    public IEnumerable<Option> Options => [.. _flags.Select(flag => flag.Option), _maxRequestSize, _readBuffer];

    /// <summary>The given flags, by name.</summary>
    public IReadOnlyList<string> Given(ParseResult parsed) => [.. Options.Where(option => IsGiven(parsed, option)).Select(option => option.Name)];

    /// <summary>A line for each given flag that has a newer name.</summary>
    public IEnumerable<string> DeprecationNotes(ParseResult parsed) =>
        _inPlace.Where(old => IsGiven(parsed, old.Key)).Select(old => $"warning: {old.Key.Name} is deprecated; say {old.Value}");

    public IReadOnlyList<AppSetting> Read(ParseResult parsed) =>
    [
        .. from flag in _flags
           where IsGiven(parsed, flag.Option)
           from value in flag.Values(parsed)
           select new AppSetting(flag.Option.Name, flag.Field, value),
        .. Scaled(parsed, _maxRequestSize, "maxBodySize", "Mi"),
        .. Scaled(parsed, _readBuffer, "readBufferSize", "Ki"),
    ];

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static IEnumerable<AppSetting> Scaled(ParseResult parsed, Option<string?> option, string field, string unit) =>
        parsed.GetValue(option) is { Length: > 0 } number and not "-1" ? [new AppSetting(option.Name, field, number + unit)] : [];

    private Option<string?> Text(string field, string valueName, string description, params string[] names)
    {
        var option = Option(valueName, description, names);
        // Words for which the official command line does not count capitals.
        var lower = field is "appProtocol" or "logLevel";
        _flags.Add(new Flag(field, option, parsed => parsed.GetValue(option) is { } value ? [lower ? value.ToLowerInvariant() : value] : []));
        return option;
    }

    private Option<string[]> List(string field, string valueName, string description, params string[] names)
    {
        var option = new Option<string[]>(names[0], names[1..]) { Description = description, HelpName = valueName };
        _flags.Add(new Flag(field, option, parsed => parsed.GetValue(option)!.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))));
        return option;
    }

    private Option<bool> Switch(string field, string description, params string[] names)
    {
        var option = new Option<bool>(names[0], names[1..]) { Description = description };
        _flags.Add(new Flag(field, option, parsed => [parsed.GetValue(option) ? "true" : "false"]));
        return option;
    }

    private static Option<string?> Option(string valueName, string description, params string[] names) =>
        new(names[0], names[1..]) { Description = description, HelpName = valueName };

    private TOption Deprecated<TOption>(TOption option, string inPlace)
        where TOption : Option
    {
        option.Hidden = true;
        _inPlace[option] = inPlace;
        return option;
    }

    private sealed record Flag(string Field, Option Option, Func<ParseResult, IEnumerable<string>> Values);
}
