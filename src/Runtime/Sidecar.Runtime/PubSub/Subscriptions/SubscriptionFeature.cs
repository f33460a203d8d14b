using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.PubSub.Streaming;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Subscriptions;

/// <summary>
/// The life of this sidecar's subscriptions. Messages are delivered while the app is ready and healthy and the sidecar does
/// not stop; what is delivered is what the files declare and what the app answered once. Every turn changes one of these
/// facts, and lets the subscriptions that run follow.
/// </summary>
internal sealed class SubscriptionFeature(
    LiveResources resources, Brokers brokers, AppSubscriptions appSubscriptions, ActiveSubscriptions active, StreamingFeature streams, IAppChannel app, SidecarOptions options, ILogger<SubscriptionFeature> logger)
    : ISidecarFeature, IMetadataContributor, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private bool _isReady;
    private bool _isHealthy = true;

    // Null until the app has answered. It is asked once: the answer outlives reloads and times of bad health (contract 1.4).
    private IReadOnlyList<TopicSubscription>? _programmatic;
    private volatile IReadOnlyList<TopicSubscription> _listed = [];

    public Task OnComponentsLoadedAsync(CancellationToken cancellationToken)
    {
        _listed = Merged();
        return Task.CompletedTask;
    }

    /// <summary>Completes once every subscription that can be started receives messages.</summary>
    public Task OnAppReadyAsync(CancellationToken cancellationToken) => TurnAsync(() => _isReady = true, cancellationToken);

    public Task OnAppHealthChangedAsync(bool isHealthy, CancellationToken cancellationToken) => TurnAsync(() => _isHealthy = isHealthy, cancellationToken);

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) =>
        component.Component is IPubSub ? TurnAsync(null, cancellationToken) : Task.CompletedTask;

    public Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken) =>
        component.Component is IPubSub ? TurnAsync(null, cancellationToken) : Task.CompletedTask;

    public Task OnResourcesChangedAsync(ResourceSet before, ResourceSet now, CancellationToken cancellationToken) =>
        ReferenceEquals(before.Subscriptions, now.Subscriptions) ? Task.CompletedTask : TurnAsync(null, cancellationToken);

    public Task OnStoppingAsync(CancellationToken cancellationToken) => Task.WhenAll(streams.StopAsync(cancellationToken), StopAsync(cancellationToken));

    public void Contribute(JsonObject metadata)
    {
        List<TopicSubscription> listed = [.. _listed, .. streams.Listed];
        if (listed.Count > 0)
            metadata["subscriptions"] = SubscriptionListing.ToJson(listed);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _stopping.Dispose();
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        // A turn under way gives up first; what it had started until then is ended here.
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await active.BecomeAsync([], cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (OperationCanceledException)
        {
            PubSubLog.StoppedWhileHandling(logger);
        }
    }

    private async Task TurnAsync(Action? change, CancellationToken cancellationToken)
    {
        using var turning = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await _turn.WaitAsync(turning.Token).ConfigureAwait(false);
        try
        {
            change?.Invoke();
            var delivers = app.HasApp && _isReady && _isHealthy;
            if (delivers && _programmatic is null && brokers.Any)
                _programmatic = await AskAsync(turning.Token).ConfigureAwait(false);
            _listed = Merged();
            await active.BecomeAsync(delivers ? _listed : [], turning.Token).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken) =>
        options.DisabledInitEndpoints.Contains("subscribe", StringComparer.OrdinalIgnoreCase)
            ? Task.FromResult<IReadOnlyList<TopicSubscription>?>([])
            : appSubscriptions.AskAsync(cancellationToken);

    private IReadOnlyList<TopicSubscription> Merged() =>
        SubscriptionMerge.Merge(resources.Current.Subscriptions.Select(TopicSubscription.From), _programmatic ?? []);
}
