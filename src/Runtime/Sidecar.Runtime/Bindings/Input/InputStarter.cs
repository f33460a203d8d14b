using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.Bindings;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.Bindings.Input;

/// <summary>How the start of an input binding ended.</summary>
internal enum InputStart
{
    Running,

    /// <summary>The app does not want it.</summary>
    Declined,

    /// <summary>It may work another time.</summary>
    Failed,
}

/// <summary>Starts input bindings that the app takes. What cannot be started is logged, and no other binding suffers.</summary>
internal sealed class InputStarter(IBindingApp app, ResiliencyPolicies policies, SidecarOptions options, ILogger<InputStarter> logger)
{
    /// <summary>Whether the component may be an input: it is one by its driver, and its <c>direction</c> does not speak of outputs alone.</summary>
    public static bool IsInput(LoadedComponent component) =>
        component.Component is IInputBinding && (Direction(component.Metadata) is not { } direction || direction.Contains("input"));

    /// <param name="stopping">From then on, events under way have as long as the stop.</param>
    public async Task<(InputStart Result, IAsyncDisposable? Running)> StartAsync(LoadedComponent component, CancellationToken stopping, CancellationToken cancellationToken)
    {
        if (!TryTarget(component, out var target))
            return (InputStart.Failed, null);
        try
        {
            if (Direction(component.Metadata)?.Contains("input") != true && !await app.TakesAsync(target, cancellationToken).ConfigureAwait(false))
                return (InputStart.Declined, null);
            var running = new RunningInput(app, target, () => policies.Component(component.Name, ComponentBlocks.Binding, FlowDirection.Inbound), options.Time, logger, stopping);
            running.Begin(await ((IInputBinding)component.Component).ReadAsync(running.HandleAsync, cancellationToken).ConfigureAwait(false));
            logger.Started(target.Binding, target.Path.OriginalString);
            return (InputStart.Running, running);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or TimeoutException)
        {
            logger.NotAsked(component.Name, failure.Message);
            return (InputStart.Failed, null);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            logger.StartFailed(component.Name, failure);
            return (InputStart.Failed, null);
        }
    }

    private static HashSet<string>? Direction(ComponentMetadata metadata) =>
        metadata.Find("direction") is { } text
            ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.OrdinalIgnoreCase)
            : null;

    private bool TryTarget(LoadedComponent component, [NotNullWhen(true)] out InputTarget? target)
    {
        // As an absolute address for a moment, because only then is escaped what may not stand in a request line.
        var route = component.Metadata.Find("route");
        if (Uri.TryCreate($"http://app/{route?.TrimStart('/') ?? Uri.EscapeDataString(component.Name)}", UriKind.Absolute, out var address))
        {
            target = new InputTarget(component.Name, new Uri(address.PathAndQuery, UriKind.Relative));
            return true;
        }

        target = null;
        logger.BadRoute(component.Name, route ?? component.Name);
        return false;
    }
}
