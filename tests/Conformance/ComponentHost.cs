using Sidecar.Components;
using TestSupport;

namespace Conformance;

/// <summary>Opens components as a sidecar does, each from its type and metadata, and closes them at the end.</summary>
public sealed class ComponentHost : IAsyncDisposable
{
    private readonly List<IComponent> _components = [];
    private readonly TestLog _log = new();

    public TempFolder Folder { get; } = new();

    /// <summary>What the components of one process share. A second one stands for another process on the same machine.</summary>
    public SharedResources ThisProcess { get; } = new();

    public SharedResources OtherProcess { get; } = new();

    public async Task<T> OpenAsync<T>(
        string type,
        IReadOnlyDictionary<string, string> metadata,
        SharedResources? shared = null,
        string appId = "app",
        string name = "component",
        TimeProvider? time = null,
        IReadOnlyDictionary<string, string>? environment = null,
        string version = "v1")
        where T : IComponent
    {
        var known = ComponentCatalog.Default.Find(type, version) ?? throw new InvalidOperationException($"No component type {type} {version}");
        var component = (T)known.Create();
        _components.Add(component);
        var context = new ComponentContext
        {
            Name = name,
            AppId = appId,
            Metadata = new ComponentMetadata(metadata),
            BaseDirectory = Folder.Path,
            Shared = shared ?? ThisProcess,
            Time = time ?? TimeProvider.System,
            Logger = _log,
        };
        if (environment is not null)
            context = context with { Environment = environment.GetValueOrDefault, AllEnvironment = () => environment };
        await component.InitAsync(context, CancellationToken.None);
        return component;
    }

    /// <summary>Ends one component before the test does.</summary>
    public async Task CloseAsync(IComponent component)
    {
        _components.Remove(component);
        await component.DisposeAsync();
    }

    /// <summary>Ends all of them, before the servers or relays of a test end.</summary>
    public async Task CloseAllAsync()
    {
        for (var index = _components.Count - 1; index >= 0; index--)
            await _components[index].DisposeAsync();
        _components.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAllAsync();
        Folder.Dispose();
    }
}
