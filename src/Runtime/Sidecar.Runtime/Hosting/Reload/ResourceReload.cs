using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Secrets;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>
/// One reload: (1) read everything; (2) take away the components that are gone; (3) start those that are new or changed, each
/// before the one it replaces is taken away, so that one that cannot start changes nothing; (4) put the rest in place. A component
/// that is taken away is closed when the requests that may use it are done. What cannot be read leaves all as it was.
/// </summary>
internal sealed class ResourceReload(
    SidecarOptions options, LiveResources live, ComponentRegistry registry, ComponentLoader loader, FeatureTurns turns, RetiredComponents retired, ILogger<ResourceReload> logger)
{
    // Each is told once, however often it is met again.
    private readonly Dictionary<string, string> _componentFailures = new(StringComparer.Ordinal);
    private HashSet<string> _problems = [.. live.Current.Problems.Select(problem => problem.ToString())];
    private string? _failure;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // 1. Read.
        var loaded = SidecarResources.Read(options, live.Current);
        if (loaded.Value is not { } next)
        {
            Tell(string.Join("; ", loaded.Errors));
            return;
        }

        _failure = null;
        Tell(next.Problems);
        var wanted = next.AllowedComponents.ToList();

        // 2. Components that are gone.
        foreach (var gone in registry.All.Where(running => wanted.TrueForAll(component => component.Name != running.Name)))
            await RemoveAsync(gone, cancellationToken).ConfigureAwait(false);
        await retired.CloseAsync(cancellationToken).ConfigureAwait(false);

        // 3. Components that are new or changed.
        var newStores = new HashSet<string>(StringComparer.Ordinal);
        foreach (var component in ComponentLoader.InOrder(wanted))
        {
            if (await IsUpToDateAsync(component, newStores, cancellationToken).ConfigureAwait(false))
                _componentFailures.Remove(component.Name);
            else if (await TryStartAsync(component, cancellationToken).ConfigureAwait(false) is { Component: ISecretStore })
                newStores.Add(component.Name);
        }

        // 4. The rest.
        await PutInPlaceAsync(next, newStores, cancellationToken).ConfigureAwait(false);
        await retired.CloseAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsUpToDateAsync(ComponentResource component, HashSet<string> newStores, CancellationToken cancellationToken) =>
        registry.Find(component.Name) is { } running &&
        running.Resource.Definition == component.Definition &&
        !(component.NeededSecretStore is { } store && newStores.Contains(store) && await loader.WouldDifferAsync(running, cancellationToken).ConfigureAwait(false));

    private async Task<LoadedComponent?> TryStartAsync(ComponentResource component, CancellationToken cancellationToken)
    {
        try
        {
            if (loader.AwaitedStore(component) is { } store)
                throw new ComponentException($"it waits for its secret store {store}, which is not loaded");
            var started = await loader.OpenAsync(component, cancellationToken).ConfigureAwait(false);
            _componentFailures.Remove(component.Name);
            await PutInPlaceAsync(started, cancellationToken).ConfigureAwait(false);
            return started;
        }
        catch (ComponentException failure)
        {
            if (_componentFailures.GetValueOrDefault(component.Name) != failure.Message)
            {
                var result = registry.Find(component.Name) is null ? "it is left out" : "the one that runs stays";
                logger.ComponentFailed(component.Name, result, $"{component.Origin.File}:{component.SpecLine}: {component.Type}: {failure.Message}");
            }

            _componentFailures[component.Name] = failure.Message;
            return null;
        }
    }

    private async Task PutInPlaceAsync(LoadedComponent started, CancellationToken cancellationToken)
    {
        var isInPlace = false;
        try
        {
            await turns.TakeAsync(
                async () =>
                {
                    isInPlace = true;
                    var old = registry.Find(started.Name);
                    if (old is null)
                    {
                        registry.Add(started);
                    }
                    else
                    {
                        registry.Replace(old, started);
                        retired.Add(old);
                        await TellAllAsync((feature, token) => feature.OnComponentRemovedAsync(old, token), cancellationToken).ConfigureAwait(false);
                    }

                    logger.Changed($"component {started.Name} ({started.Resource.Type}) {(old is null ? "added" : "changed")}");
                    await TellAllAsync((feature, token) => feature.OnComponentAddedAsync(started, token), cancellationToken).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!isInPlace)
                await started.Component.DisposeAsync().ConfigureAwait(false);
        }
    }

    private Task RemoveAsync(LoadedComponent gone, CancellationToken cancellationToken) => turns.TakeAsync(
        async () =>
        {
            registry.Remove(gone);
            retired.Add(gone);
            _componentFailures.Remove(gone.Name);
            logger.Changed($"component {gone.Name} ({gone.Resource.Type}) removed");
            await TellAllAsync((feature, token) => feature.OnComponentRemovedAsync(gone, token), cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    private Task PutInPlaceAsync(ResourceSet next, HashSet<string> newStores, CancellationToken cancellationToken) => turns.TakeAsync(
        async () =>
        {
            var before = live.Current;
            var changes = ResourceChanges.Between(before, next);
            live.Replace(changes.Resiliency ? next : next with { Resiliencies = before.Resiliencies });
            foreach (var change in changes.InEffect)
                logger.Changed(change);
            foreach (var part in changes.AtNextStart)
                logger.NeedsRestart(part);
            if (changes.Any || next.HttpEndpoints.Any(endpoint => endpoint.SecretStore is { } store && newStores.Contains(store)))
                await TellAllAsync((feature, token) => feature.OnResourcesChangedAsync(before, next, token), cancellationToken).ConfigureAwait(false);
        },
        cancellationToken);

    /// <summary>Tells every slice, whatever becomes of one of them.</summary>
    private async Task TellAllAsync(Func<ISidecarFeature, CancellationToken, Task> what, CancellationToken cancellationToken)
    {
        foreach (var feature in turns.Features)
        {
            try
            {
                await what(feature, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                logger.FeatureFailed(failure);
            }
        }
    }

    private void Tell(string failure)
    {
        if (_failure != failure)
            logger.ReloadFailed(failure);
        _failure = failure;
    }

    private void Tell(IReadOnlyList<ResourceProblem> problems)
    {
        foreach (var problem in problems.Select(problem => problem.ToString()).Where(problem => !_problems.Contains(problem)))
            logger.ResourceProblemFound(problem);
        _problems = [.. problems.Select(problem => problem.ToString())];
    }
}
