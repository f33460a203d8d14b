using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// Starts the components of a sidecar: secret stores first, then the others in file order (contract 1.4, step 2). One that
/// cannot start stops the sidecar, unless it says <c>ignoreErrors: true</c>.
/// </summary>
internal sealed class ComponentLoader(
    SidecarOptions options, SharedResources shared, ComponentRegistry registry, IEnumerable<IComponentCheck> checks, ILoggerFactory loggers) : ISecretReader
{
    private readonly ILogger _logger = loggers.CreateLogger<ComponentLoader>();

    public async Task LoadAsync(ResourceSet resources, CancellationToken cancellationToken)
    {
        foreach (var resource in resources.Components.OrderBy(Turn))
        {
            if (resources.Configuration.Denies(resource))
                continue;
            try
            {
                await LoadAsync(resource, cancellationToken).ConfigureAwait(false);
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

    async ValueTask<string?> ISecretReader.ReadAsync(string store, string name, string key, CancellationToken cancellationToken)
    {
        if (registry.Find<ISecretStore>(store) is not { } secrets)
            return null;
        var values = await secrets.GetAsync(name, new Dictionary<string, string>(), cancellationToken).ConfigureAwait(false);
        return values?.GetValueOrDefault(key);
    }

    private async Task LoadAsync(ComponentResource resource, CancellationToken cancellationToken)
    {
        var type = options.Catalog.Find(resource.Type, resource.Version) ?? throw new ComponentException(UnknownType(resource));
        var metadata = await ResolveAsync(resource, type, cancellationToken).ConfigureAwait(false);
        foreach (var check in checks)
            check.Check(resource, metadata);
        var component = type.Create();
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(resource.InitTimeout);
            await component.InitAsync(Context(resource, metadata), limit.Token).WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            await DisposeAsync(component).ConfigureAwait(false);
            if (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw new ComponentException($"did not start within its initTimeout of {resource.InitTimeout.TotalSeconds:0.###} s", failure);
            throw failure is ComponentException or OperationCanceledException ? failure : new ComponentException(failure.Message, failure);
        }

        registry.Add(new LoadedComponent(resource, type, component, metadata));
        _logger.ComponentLoaded(resource.Name, resource.Type, type.Version);
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
        var resolved = await new ComponentMetadataResolver(options.AppId, options.Environment, this).ResolveAsync(resource, cancellationToken).ConfigureAwait(false);
        if (resolved.Problems.FirstOrDefault(problem => !problem.IsWarning) is { } error)
            throw new ComponentException(error.ToString());
        foreach (var warning in resolved.Problems)
            _logger.ResourceProblemFound(warning.ToString());
        if (type.Kind != "pubsub" || resolved.Metadata.Find("consumerID") is not null)
            return resolved.Metadata;
        return new ComponentMetadata(resolved.Metadata.Values.Append(KeyValuePair.Create("consumerID", options.AppId)));
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
        var known = options.Catalog.Types.Where(type => type.Kind == kind).Select(type => $"{type.Type}/{type.Version}").ToArray();
        return known.Length == 0
            ? $"incorrect type {resource.Type}; known kinds: {string.Join(", ", options.Catalog.Types.Select(type => type.Kind).Distinct())}"
            : $"couldn't find {resource.Type}/{(resource.Version.Length == 0 ? "v1" : resource.Version)}; this runtime has {string.Join(", ", known)}";
    }

    // A secret store may itself take its credentials from another one.
    private static int Turn(ComponentResource resource) =>
        !resource.Type.StartsWith("secretstores.", StringComparison.OrdinalIgnoreCase) ? 2 : resource.NeededSecretStore is null ? 0 : 1;
}
