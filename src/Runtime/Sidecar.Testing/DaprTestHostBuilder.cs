using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Testing.Apps;

namespace Sidecar.Testing;

/// <summary>Says which apps, components and circumstances a <see cref="DaprTestHost"/> has. Every member returns the builder.</summary>
public sealed class DaprTestHostBuilder
{
    private readonly List<(string Name, string Text)> _files = [];
    private int _inline;

    internal DaprTestHostBuilder()
    {
    }

    internal List<(string AppId, ITestApp App, int? Port, int SidecarPort)> Apps { get; } = [];

    internal List<string> ResourcesPaths { get; } = [];

    internal List<string> ConfigurationFiles { get; } = [];

    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    internal List<ComponentType> Drivers { get; } = [];

    internal List<string> SpanSources { get; } = [];

    internal List<(string Name, string Value)> Flags { get; } = [];

    internal FakeClock? Clock { get; private set; }

    internal TimeSpan Limit { get; private set; } = TimeSpan.FromSeconds(30);

    internal Microsoft.Extensions.Logging.LogLevel Level { get; private set; } = Microsoft.Extensions.Logging.LogLevel.Information;

    internal string? Daprd { get; private set; } = DaprTestHost.DaprdOfEnvironment;

    internal bool IsInMemory { get; private set; }

    internal Func<SidecarOptions, SidecarOptions> Options { get; private set; } = options => options;

    /// <summary>
    /// An app written in place, on a free port. It can use what any ASP.NET Core app can, the Dapr SDK included; where its sidecar
    /// is stands in its configuration.
    /// </summary>
    /// <param name="appId">App-id.</param>
    /// <param name="map">Maps its endpoints.</param>
    /// <param name="build">Adds its services; null = none.</param>
    public DaprTestHostBuilder App(string appId, Action<WebApplication> map, Action<WebApplicationBuilder>? build = null) => Add(appId, new EndpointsApp(map, build));

    /// <summary>
    /// A whole app by its own <c>Program</c>, run by <see cref="WebApplicationFactory{TEntryPoint}"/> on a free port.
    /// DAPR_HTTP_PORT, DAPR_HTTP_ENDPOINT, DAPR_GRPC_PORT, DAPR_GRPC_ENDPOINT, APP_ID and APP_PORT are in its configuration, where
    /// <c>AddDaprClient</c> finds them; they cannot be environment variables, because all apps of a process share those. Static
    /// members of the SDK that read only the environment (<c>DaprClient.CreateInvokeHttpClient</c>) reach no sidecar: use their
    /// counterparts on the client (<c>CreateInvokableHttpClient</c>). What the app logs goes to <see cref="DaprTestHost.Log"/> only.
    /// </summary>
    /// <typeparam name="TEntryPoint">Any type of the app's assembly, mostly <c>Program</c>.</typeparam>
    /// <param name="appId">App-id.</param>
    /// <param name="configure">Replaces services of the app, and the like; null = nothing.</param>
    public DaprTestHostBuilder App<TEntryPoint>(string appId, Action<IWebHostBuilder>? configure = null)
        where TEntryPoint : class => Add(appId, new FactoryApp<TEntryPoint>(new WebApplicationFactory<TEntryPoint>(), configure));

    /// <summary>As above, with a factory of the test's own, which the host disposes.</summary>
    public DaprTestHostBuilder App<TEntryPoint>(string appId, WebApplicationFactory<TEntryPoint> factory)
        where TEntryPoint : class => Add(appId, new FactoryApp<TEntryPoint>(factory, configure: null));

    /// <summary>An app that somebody else runs, in any language, on the loopback address.</summary>
    /// <param name="appId">App-id.</param>
    /// <param name="port">Where it listens. The host is up once it does.</param>
    /// <param name="sidecarPort">Port of its sidecar's HTTP API, which the app has to know; 0 = any free one.</param>
    public DaprTestHostBuilder AppAt(string appId, int port, int sidecarPort = 0) => Add(appId, new AppElsewhere(), port, sidecarPort);

    /// <summary>A sidecar without an app: for a test that itself publishes, invokes and reads state.</summary>
    public DaprTestHostBuilder SidecarOnly(string appId) => Add(appId, new AppElsewhere(), 0);

    /// <summary>What <c>dapr init</c> gives, in memory: components <c>statestore</c> and <c>pubsub</c>, shared by all sidecars of the host.</summary>
    public DaprTestHostBuilder InMemory()
    {
        IsInMemory = true;
        return Component("statestore", "state.in-memory").Component("pubsub", "pubsub.in-memory");
    }

    /// <summary>The same components on SQLite files in the host's folder: a message that is not acknowledged is delivered again, also after a crash.</summary>
    public DaprTestHostBuilder Sqlite() => Component("statestore", "state.sqlite", ("connectionString", "state.db"))
        .Component("pubsub", "pubsub.sqlite", ("connectionString", "pubsub.db"));

    /// <summary>
    /// A folder of components, subscriptions and other resources, as for <c>--resources-path</c>; may be called several times.
    /// Relative paths inside them are relative to the host's own folder, so that tests keep their data apart.
    /// </summary>
    /// <param name="folder">Absolute, or relative to the folder of the test assembly or any folder above it.</param>
    /// <exception cref="FileNotFoundException">There is no such folder.</exception>
    public DaprTestHostBuilder Resources(string folder)
    {
        ResourcesPaths.Add(TestFolder.Find(folder));
        return this;
    }

    /// <summary>Resources as YAML text, several parted by <c>---</c>.</summary>
    public DaprTestHostBuilder Yaml(string resources) => File($"resources/inline-{++_inline}.yaml", resources);

    /// <summary>A component of every app.</summary>
    /// <param name="name">As apps name it.</param>
    /// <param name="type">Such as <c>state.sqlite</c>.</param>
    /// <param name="metadata">Its <c>spec.metadata</c>.</param>
    public DaprTestHostBuilder Component(string name, string type, params ReadOnlySpan<(string Name, string Value)> metadata) => Yaml(ResourceYaml.Component(name, type, metadata));

    /// <summary>A declarative subscription of one app.</summary>
    public DaprTestHostBuilder Subscription(string appId, string topic, string route, string pubsubName = "pubsub", string? deadLetterTopic = null) =>
        Yaml(ResourceYaml.Subscription($"subscription-{_inline + 1}", appId, topic, route, pubsubName, deadLetterTopic));

    /// <summary>A component type of the test's own, to be named in <see cref="Component"/>. Not for <c>daprd</c> processes.</summary>
    public DaprTestHostBuilder Driver(ComponentType type)
    {
        Drivers.Add(type);
        return this;
    }

    /// <summary>A Dapr Configuration for every sidecar.</summary>
    /// <param name="file">As for <see cref="Resources"/>.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    public DaprTestHostBuilder Configuration(string file)
    {
        ConfigurationFiles.Add(TestFolder.Find(file));
        return this;
    }

    /// <summary>A file in the host's folder, where relative paths of components lead.</summary>
    public DaprTestHostBuilder File(string name, string text)
    {
        _files.Add((name, text));
        return this;
    }

    /// <summary>An environment variable of every sidecar. DAPR_API_TOKEN and APP_API_TOKEN reach the apps too, as configuration.</summary>
    public DaprTestHostBuilder Environment(string name, string value)
    {
        Variables[name] = value;
        return this;
    }

    /// <summary>
    /// Time stands still for sidecars, components and the apps' <see cref="TimeProvider"/> until the test moves it by
    /// <see cref="DaprTestHost.Clock"/>. While sidecars start and stop, the host moves it in steps of 100 ms as far as they need.
    /// Not for <c>daprd</c> processes.
    /// </summary>
    public DaprTestHostBuilder WithFakeClock(FakeClock? clock = null)
    {
        Clock = clock ?? new FakeClock();
        return this;
    }

    /// <summary>How long anything is awaited, in real time; 30 s unless set. A test that passes never waits for it.</summary>
    public DaprTestHostBuilder Patience(TimeSpan limit)
    {
        Limit = limit;
        return this;
    }

    /// <summary>What the sidecars log; from information on unless set.</summary>
    public DaprTestHostBuilder LogLevel(Microsoft.Extensions.Logging.LogLevel level)
    {
        Level = level;
        return this;
    }

    /// <summary>Names <see cref="System.Diagnostics.ActivitySource"/>s of apps, whose spans are captured too.</summary>
    public DaprTestHostBuilder Spans(params ReadOnlySpan<string> sources)
    {
        SpanSources.AddRange(sources);
        return this;
    }

    /// <summary>Any other option of the sidecars; ports, folders and what the host observes by are its own. Not for <c>daprd</c> processes.</summary>
    public DaprTestHostBuilder Sidecars(Func<SidecarOptions, SidecarOptions> change)
    {
        var before = Options;
        Options = options => change(before(options));
        return this;
    }

    /// <summary>A flag of every <c>daprd</c> process, such as <c>Flag("max-body-size", "64Mi")</c>; in process, <see cref="Sidecars"/> has its like.</summary>
    public DaprTestHostBuilder Flag(string name, string value)
    {
        Flags.Add((name, value));
        return this;
    }

    /// <summary>
    /// Runs each sidecar as a process of this program in place of one in the test's process, whatever <see cref="DaprTestHost.DaprdVariable"/> says.
    /// </summary>
    /// <param name="program">A <c>daprd</c>, by a path as for <see cref="Resources"/>; an assembly (<c>.dll</c>) is run by <c>dotnet</c>. Null = in process.</param>
    public DaprTestHostBuilder UseDaprd(string? program)
    {
        Daprd = program;
        return this;
    }

    /// <summary>Writes the files, and adds the folder of inline resources if there are any.</summary>
    internal void WriteTo(TestFolder folder)
    {
        foreach (var (name, text) in _files)
            folder.Write(name, text);
        if (_inline > 0)
            ResourcesPaths.Add(Path.Combine(folder.FullPath, "resources"));
    }

    private DaprTestHostBuilder Add(string appId, ITestApp app, int? port = null, int sidecarPort = 0)
    {
        if (Apps.Exists(known => known.AppId == appId))
            throw new ArgumentException($"There are two apps '{appId}'.", nameof(appId));
        Apps.Add((appId, app, port, sidecarPort));
        return this;
    }
}
