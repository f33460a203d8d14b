using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Starts the components of a sidecar: secret stores first, then the others in file order (contract 1.4, step 2). One that
/// cannot start stops the sidecar, unless it says <c>ignoreErrors: true</c>; one whose secret store is not there waits for it.
/// </summary>
internal sealed class ComponentLoader(
    SidecarOptions options, SharedResources shared, ComponentRegistry registry, ISecretReader secrets, IEnumerable<IComponentCheck> checks, ILoggerFactory loggers)
{
    private static readonly TimeSpan TellingTime = TimeSpan.FromMilliseconds(250);

    private readonly ILogger _logger = loggers.CreateLogger<ComponentLoader>();

    public async Task LoadAsync(ResourceSet resources, CancellationToken cancellationToken)
    {
        foreach (var resource in InOrder(resources.AllowedComponents))
        {
            if (AwaitedStore(resource) is { } store)
            {
                _logger.ComponentWaits(resource.Name, store);
                continue;
            }

            try
            {
                registry.Add(await OpenAsync(resource, cancellationToken).ConfigureAwait(false));
            }
            catch (ComponentException failure) when (resource.IgnoreErrors)
            {
                _logger.ComponentIgnored(resource.Name, failure.Message);
            }
            catch (ComponentException failure)
            {
                throw new SidecarStartException($"component {resource.Name} ({resource.Type}, {resource.Origin}): {failure.Message}", failure);
            }
        }
    }

    /// <summary>Secret stores first, each after the one that it takes its own secrets from; then the others in file order.</summary>
    public static IEnumerable<ComponentResource> InOrder(IEnumerable<ComponentResource> components)
    {
        var stores = components.Where(component => component.IsSecretStore).ToDictionary(store => store.Name, StringComparer.Ordinal);
        return components.OrderBy(component => component.IsSecretStore ? Depth(component) : int.MaxValue);

        // Stores that need each other stay where they are, and wait for ever.
        int Depth(ComponentResource store)
        {
            var depth = 0;
            while (depth < stores.Count && store.NeededSecretStore is { } name && stores.TryGetValue(name, out var needed))
                (store, depth) = (needed, depth + 1);
            return depth;
        }
    }

    /// <summary>The secret store that the component needs and that does not run; null when it can be started.</summary>
    public string? AwaitedStore(ComponentResource resource) =>
        resource.NeededSecretStore is { } store && registry.Find<ISecretStore>(store) is null ? store : null;

    /// <summary>A component that runs, and is not in the registry yet.</summary>
    /// <exception cref="ComponentException">It cannot start.</exception>
    public async Task<LoadedComponent> OpenAsync(ComponentResource resource, CancellationToken cancellationToken)
    {
        var type = options.KnownTypes.Find(resource.Type, resource.Version) ?? throw new ComponentException(UnknownType(resource));
        var metadata = await ResolveAsync(resource, type, cancellationToken).ConfigureAwait(false);
        foreach (var check in checks)
            check.Check(resource, metadata);
        var component = type.Create();
        using var limit = new CancellationTokenSource(OptionRules.Shorter(resource.InitTimeout), options.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var starting = Task.CompletedTask;
        try
        {
            starting = component.InitAsync(Context(resource, metadata), both.Token);
            await starting.WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            var isLate = (failure is OperationCanceledException || limit.IsCancellationRequested) && !cancellationToken.IsCancellationRequested;
            var awaited = isLate ? await AwaitedAsync(starting).ConfigureAwait(false) : "";
            await DisposeAsync(component).ConfigureAwait(false);
            if (isLate)
                throw new ComponentException(metadata.Conceal($"did not start within its initTimeout of {resource.InitTimeout.TotalSeconds:0.###} s{awaited}"), failure);
            if (failure is OperationCanceledException)
                throw;
            throw new ComponentException(metadata.Conceal(failure.Message), failure);
        }

        _logger.ComponentLoaded(resource.Name, resource.Type, type.Version);
        return new LoadedComponent(resource, type, component, metadata);
    }

    /// <summary>Whether the component, started now, would get other values than it has: its secret store tells others.</summary>
    public async Task<bool> WouldDifferAsync(LoadedComponent loaded, CancellationToken cancellationToken)
    {
        var now = await ResolveAsync(loaded.Resource, loaded.Type, cancellationToken).ConfigureAwait(false);
        return now.Values.Count != loaded.Metadata.Values.Count || now.Values.Any(pair => loaded.Metadata.Values.GetValueOrDefault(pair.Key) != pair.Value);
    }

    /// <summary>What a component waited for when its time was over, if it says so; one that does not mind its token is not waited for.</summary>
    private static async Task<string> AwaitedAsync(Task starting)
    {
        await Task.WhenAny(starting, Task.Delay(TellingTime, TimeProvider.System, CancellationToken.None)).ConfigureAwait(false);
        return starting.Exception?.InnerException is ComponentException told ? $": {told.Message}" : "";
    }

    private static async Task DisposeAsync(IComponent component)
    {
        try
        {
            await component.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception second) when (second is not OutOfMemoryException)
        {
            // Why it did not start is what counts, and is told.
        }
    }

    private async ValueTask<ComponentMetadata> ResolveAsync(ComponentResource resource, ComponentType type, CancellationToken cancellationToken)
    {
        var resolved = await new ComponentMetadataResolver(options.AppId, options.Environment, secrets).ResolveAsync(resource, cancellationToken).ConfigureAwait(false);
        if (resolved.Problems.FirstOrDefault(problem => !problem.IsWarning) is { } error)
            throw new ComponentException(error.ToString());
        foreach (var warning in resolved.Problems)
            _logger.ResourceProblemFound(warning.ToString());
        if (type.Kind != "pubsub" || resolved.Metadata.Find("consumerID") is not null)
            return resolved.Metadata;
        return resolved.Metadata.With("consumerID", options.AppId);
    }

    private ComponentContext Context(ComponentResource resource, ComponentMetadata metadata) => new()
    {
        Name = resource.Name,
        AppId = options.AppId,
        Metadata = metadata,
        BaseDirectory = options.BaseDirectory,
        Shared = shared,
        Time = options.Time,
        Logger = loggers.CreateLogger($"dapr.contrib.{resource.Type}"),
        Environment = name => options.Environment.GetValueOrDefault(name),
        AllEnvironment = () => options.Environment,
    };

    private string UnknownType(ComponentResource resource)
    {
        var kind = resource.Type.Split('.')[0];
        var known = options.KnownTypes.Types.Where(type => type.Kind == kind).Select(type => $"{type.Type}/{type.Version}").ToArray();
        return known.Length == 0
            ? $"incorrect type {resource.Type}; known kinds: {string.Join(", ", options.KnownTypes.Types.Select(type => type.Kind).Distinct())}"
            : $"couldn't find {resource.Type}/{(resource.Version.Length == 0 ? "v1" : resource.Version)}; this runtime has {string.Join(", ", known)}";
    }
}
