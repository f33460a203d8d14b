using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Hosting.Reload;

/// <summary>Components that a reload has taken out of the registry, until the requests that may use them are done.</summary>
internal sealed class RetiredComponents(RequestsUnderWay requests, SidecarOptions options, ILogger<RetiredComponents> logger) : IAsyncDisposable
{
    /// <summary>A request that takes longer loses its component.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly List<LoadedComponent> _components = [];

    public void Add(LoadedComponent component) => _components.Add(component);

    /// <summary>Waits for the requests and closes the components. Cancelled, it leaves them for the disposal, which comes after the web server's end.</summary>
    public async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_components.Count == 0)
            return;
        try
        {
            await requests.EndOfPresentAsync().WaitAsync(Patience, options.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            logger.ClosedInUse(string.Join(", ", _components.Select(component => component.Name)), (int)Patience.TotalSeconds);
        }

        await DisposeAsync().ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var component in _components)
        {
            try
            {
                await component.Component.DisposeAsync().ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                logger.CloseFailed(component.Name, failure.Message);
            }
        }

        _components.Clear();
    }
}
