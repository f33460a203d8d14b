namespace Sidecar.Runtime.Resources;

/// <summary>
/// A multi-app run template (<c>dapr.yaml</c>) after defaults, common values and paths are resolved (contract section 4.7).
/// All paths are absolute.
/// </summary>
/// <param name="File">Empty for one app that was given on a command line.</param>
public sealed record RunTemplate(string File, string Name, IReadOnlyList<RunApp> Apps)
{
    /// <summary>Given on a command line, not by a file.</summary>
    public bool IsSingleApp => File.Length == 0;

    /// <summary>Files of all templates of the run, <see cref="File"/> first.</summary>
    public IReadOnlyList<string> Files { get; init; } = File.Length == 0 ? [] : [File];

    /// <summary>The top-level <c>componentSets</c> key of ours, of each template that has one; one per folder.</summary>
    public IReadOnlyList<ComponentSets> ComponentSets { get; init; } = [];

    /// <summary>The apps of all templates as those of one.</summary>
    /// <param name="templates">At least one; the first gives the run its name.</param>
    public static RunTemplate Join(IReadOnlyList<RunTemplate> templates) => templates[0] with
    {
        Apps = [.. templates.SelectMany(template => template.Apps)],
        Files = [.. templates.Select(template => template.File)],
        ComponentSets = [.. templates.SelectMany(template => template.ComponentSets).DistinctBy(sets => sets.Folder)],
    };
}

/// <param name="Folder">Folder of the sets, absolute.</param>
/// <param name="Default">Name of the set that replaces any other set of that folder unless the command line names one.</param>
public sealed record ComponentSets(string Folder, string Default)
{
    /// <summary>The sets that exist: the folders in <see cref="Folder"/>, sorted.</summary>
    public IReadOnlyList<string> Names =>
        [.. System.IO.Directory.GetDirectories(Folder).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    internal string NameList => Names.Count == 0 ? "none" : string.Join(", ", Names);
}

/// <summary>When an app that has ended by itself is started again.</summary>
public enum RestartPolicy
{
    /// <summary><c>no</c>, the default.</summary>
    No,

    /// <summary><c>on-failure</c>: after an exit code other than 0, or a kill.</summary>
    OnFailure,
}

/// <summary>One entry of <c>apps</c>; ports ≤ 0 are to be chosen by the launcher, except <see cref="AppPort"/> (0 = none).</summary>
public sealed record RunApp(string AppId, string AppDirPath)
{
    /// <summary>Template that the app is from; empty for one app that was given on a command line.</summary>
    public string TemplateFile { get; init; } = "";

    public string TemplateName { get; init; } = "";

    /// <summary>
    /// Folder that relative paths of its sidecar and in its components start from: <see cref="AppDirPath"/>, unless it shares the
    /// components of another template.
    /// </summary>
    public string SidecarDirectory { get; init; } = AppDirPath;

    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>Ours: programs without which the app is left out of the run, by the names that PATH is searched for.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>Ours: ids of the apps that must have been healthy before this one is started. They make no circle.</summary>
    public IReadOnlyList<string> DependsOn { get; init; } = [];

    /// <summary>Ours: whether an app that has ended is started again.</summary>
    public RestartPolicy Restart { get; init; }

    /// <summary>Ours: folders whose changes rebuild and restart the app under <c>--watch</c>; empty = found from <see cref="Command"/>.</summary>
    public IReadOnlyList<string> Watch { get; init; } = [];

    /// <summary>Ours: the command, run in <see cref="AppDirPath"/>, that builds the app under <c>--watch</c>; empty = found from <see cref="Command"/>.</summary>
    public IReadOnlyList<string> Build { get; init; } = [];

    public int AppPort { get; init; }

    public int DaprHttpPort { get; init; }

    public int DaprGrpcPort { get; init; }

    public int DaprInternalGrpcPort { get; init; }

    public int MetricsPort { get; init; }

    public int ProfilePort { get; init; }

    public string AppChannelAddress { get; init; } = "127.0.0.1";

    public string? UnixDomainSocket { get; init; }

    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    public string? ConfigFilePath { get; init; }

    public string AppProtocol { get; init; } = "http";

    public string? ApiListenAddresses { get; init; }

    public string LogLevel { get; init; } = "info";

    public int AppMaxConcurrency { get; init; }

    /// <summary>A quantity such as <c>4Mi</c>.</summary>
    public string MaxBodySize { get; init; } = "4Mi";

    public string ReadBufferSize { get; init; } = "4Ki";

    public bool EnableAppHealthCheck { get; init; }

    public string? AppHealthCheckPath { get; init; }

    public int AppHealthProbeInterval { get; init; }

    public int AppHealthProbeTimeout { get; init; }

    public int AppHealthThreshold { get; init; }

    public bool EnableApiLogging { get; init; }

    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>file, console or fileAndConsole.</summary>
    public string AppLogDestination { get; init; } = "fileAndConsole";

    public string DaprdLogDestination { get; init; } = "file";

    /// <summary>Fields that were given, are valid, and have no effect in this runtime yet (for one warning line each).</summary>
    public IReadOnlyList<string> WithoutEffect { get; init; } = [];
}
