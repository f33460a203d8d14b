using Sidecar.Components;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.PubSub;
using Sidecar.Runtime.Tests.State;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting;

/// <summary>Components of a whole sidecar that a test looks into and makes fail.</summary>
internal sealed class TestDrivers(TempFolder folder)
{
    private readonly List<ComponentType> _types = [.. ComponentCatalog.Default.Types];

    public MemoryStateStore AddStore(string name, MemoryStateStore? store = null, params (string Name, string Value)[] metadata)
    {
        store ??= new MemoryStateStore();
        Add(name, "state", store, metadata);
        return store;
    }

    public TestBroker AddBroker(string name, TestBroker? broker = null, params (string Name, string Value)[] metadata)
    {
        broker ??= new TestBroker();
        Add(name, "pubsub", broker, metadata);
        return broker;
    }

    public TestSecretStore AddSecrets(string name)
    {
        var store = new TestSecretStore();
        Add(name, "secretstores", store, []);
        return store;
    }

    public Task<TestSidecar> StartAsync(Func<SidecarOptions, SidecarOptions>? change = null)
    {
        Directory.CreateDirectory(folder.File("components"));
        return TestSidecar.StartAsync(folder, options => (change?.Invoke(options) ?? options) with { Catalog = new ComponentCatalog(_types) });
    }

    private void Add(string name, string kind, IComponent component, (string Name, string Value)[] metadata)
    {
        _types.Add(new ComponentType($"{kind}.test-{name}", "v1", () => component));
        folder.Write($"components/{name}.yaml", $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata: {"{"} name: {name} {"}"}
            spec:
              type: {kind}.test-{name}
              version: v1
              metadata: [{string.Join(", ", metadata.Select(item => $"{{ name: {item.Name}, value: \"{item.Value}\" }}"))}]
            """);
    }
}

/// <summary>Secrets by name, each with values.</summary>
internal sealed class TestSecretStore : ISecretStore
{
    public Dictionary<string, IReadOnlyDictionary<string, string>> Secrets { get; } = [];

    /// <summary>Thrown by the next calls.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What the last call brought along.</summary>
    public IReadOnlyDictionary<string, string>? LastMetadata { get; private set; }

    public bool HoldsSeveralValues => true;

    public Task InitAsync(ComponentContext context, CancellationToken cancellationToken) => Task.CompletedTask;

    public ValueTask<IReadOnlyDictionary<string, string>?> GetAsync(string name, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        LastMetadata = metadata;
        return Fault is null ? ValueTask.FromResult(Secrets.GetValueOrDefault(name)) : throw Fault;
    }

    public ValueTask<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        LastMetadata = metadata;
        return Fault is null ? ValueTask.FromResult<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>>(Secrets) : throw Fault;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
