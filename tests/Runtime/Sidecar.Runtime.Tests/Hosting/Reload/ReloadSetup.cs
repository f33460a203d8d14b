using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Hosting.Reload;
using Sidecar.Runtime.Resources;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>The parts of a sidecar that a reload concerns, with component types that a test looks into and no web server.</summary>
internal sealed class ReloadSetup : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ILoggerFactory _loggers;
    private ResourceReload? _reload;

    public ReloadSetup()
    {
        Directory.CreateDirectory(_folder.File("resources"));
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(new Lines(Log)).SetMinimumLevel(LogLevel.Information));
        Turns = new FeatureTurns([Feature, Second]);
        Options = new SidecarOptions
        {
            AppId = "me",
            ResourcesPaths = [_folder.File("resources")],
            BaseDirectory = _folder.Path,
            Environment = new Dictionary<string, string>(),
            Time = Clock,
            Catalog = new ComponentCatalog([.. ComponentCatalog.Default.Types, Type("state.probe"), Type("state.other"), Type("pubsub.probe")]),
        };
        Retired = new RetiredComponents(Requests, Options, _loggers.CreateLogger<RetiredComponents>());
    }

    public FakeClock Clock { get; } = new();

    public SidecarOptions Options { get; set; }

    public ComponentRegistry Registry { get; } = new();

    public RequestsUnderWay Requests { get; } = new();

    public RetiredComponents Retired { get; }

    public ProbeFeature Feature { get; } = new();

    public ProbeFeature Second { get; } = new();

    public FeatureTurns Turns { get; }

    /// <summary>Lines of the log, oldest first.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public LiveResources Live { get; private set; } = null!;

    /// <summary>What every probe does at its start, after it has read its metadata.</summary>
    public Func<Probe, Task> OnInit { get; set; } = _ => Task.CompletedTask;

    /// <summary>What a probe says it waited for when its time to start is over.</summary>
    public string? WaitsFor { get; set; }

    public IEnumerable<string> Names => Registry.All.Select(loaded => loaded.Name);

    public string File(string name) => _folder.File(name);

    /// <summary>Writes a file of the resources folder; null deletes it.</summary>
    public ReloadSetup With(string name, string? text)
    {
        if (text is null)
            System.IO.File.Delete(_folder.File($"resources/{name}"));
        else
            _folder.Write($"resources/{name}", text);
        return this;
    }

    public ReloadSetup WithConfig(string spec)
    {
        var file = _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n{spec}");
        Options = Options with { ConfigPaths = [file] };
        return this;
    }

    public static string Component(string name, string value = "", string type = "state.probe", string extra = "") =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {type}\n  version: v1\n  metadata:\n  - name: value\n    value: \"{value}\"\n{extra}";

    public static string Subscription(string name, string topic) =>
        $"apiVersion: dapr.io/v2alpha1\nkind: Subscription\nmetadata: {{ name: {name} }}\nspec: {{ pubsubname: pubsub, topic: {topic}, routes: {{ default: /{topic} }} }}\n";

    /// <summary>As a sidecar's start does.</summary>
    public async Task<ReloadSetup> StartAsync()
    {
        Live = new LiveResources(SidecarResources.Load(Options));
        var loader = new ComponentLoader(Options, new SharedResources(), Registry, new RegistrySecrets(Registry), [], _loggers);
        await loader.LoadAsync(Live.Current, CancellationToken.None);
        _reload = new ResourceReload(Options, Live, Registry, loader, Turns, Retired, _loggers.CreateLogger<ResourceReload>());
        Log.Clear();
        return this;
    }

    public Task ReloadAsync(CancellationToken cancellationToken = default) => _reload!.RunAsync(cancellationToken).WithinAsync("the reload");

    public Probe Running(string name) => (Probe)Registry.Find(name)!.Component;

    public async ValueTask DisposeAsync()
    {
        foreach (var loaded in Registry.All)
            await loaded.Component.DisposeAsync();
        _loggers.Dispose();
        Turns.Dispose();
        _folder.Dispose();
    }

    private ComponentType Type(string type) => new(type, "v1", () => new Probe(this));

    /// <summary>A component that notes what becomes of it. A value that begins with <c>bad</c> keeps it from starting.</summary>
    internal sealed class Probe(ReloadSetup setup) : IComponent
    {
        public string Value { get; private set; } = "";

        public bool IsClosed { get; private set; }

        public async Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
        {
            Value = context.Metadata.Text("value", "");
            try
            {
                await setup.OnInit(this).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException) when (setup.WaitsFor is not null)
            {
                throw new ComponentException(setup.WaitsFor);
            }

            if (Value.StartsWith("bad", StringComparison.Ordinal))
                throw new ComponentException($"metadata field 'value' is '{Value}'");
        }

        public ValueTask DisposeAsync()
        {
            IsClosed = true;
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>A slice that notes what it is told, and does what a test says.</summary>
    internal sealed class ProbeFeature : ISidecarFeature
    {
        public ConcurrentQueue<string> Told { get; } = new();

        public Func<string, Task> OnTold { get; set; } = _ => Task.CompletedTask;

        public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) => TellAsync($"+{component.Name}");

        public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken) =>
            TellAsync($"-{component.Name}{(component.Component is Probe { IsClosed: true } ? " (closed)" : "")}");

        public Task OnResourcesChangedAsync(ResourceSet before, ResourceSet now, CancellationToken cancellationToken) =>
            TellAsync($"{Topics(before)}>{Topics(now)}");

        private static string Topics(ResourceSet set) => string.Join(',', set.Subscriptions.Select(subscription => subscription.Topic));

        private Task TellAsync(string what)
        {
            Told.Enqueue(what);
            return OnTold(what);
        }
    }

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
