using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>Which subscriptions this sidecar has, and their life: asked for and started once the app is ready, ended at shutdown.</summary>
internal sealed class SubscriptionFeature(
    LiveResources resources, Brokers brokers, AppSubscriptions appSubscriptions, SubscriptionStarter starter, IAppChannel app, SidecarOptions options, ILogger<SubscriptionFeature> logger)
    : ISidecarFeature, IMetadataContributor, IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private List<IAsyncDisposable> _running = [];
    private IReadOnlyList<TopicSubscription> _subscriptions = [];

    public Task OnComponentsLoadedAsync(CancellationToken cancellationToken)
    {
        _subscriptions = SubscriptionMerge.Merge(Declared(), []);
        return Task.CompletedTask;
    }

    /// <summary>Completes once every subscription that can be started receives messages.</summary>
    public async Task OnAppReadyAsync(CancellationToken cancellationToken)
    {
        if (!app.HasApp || !brokers.Any)
            return;

        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _stopping.Token);
        await _turn.WaitAsync(starting.Token).ConfigureAwait(false);
        try
        {
            var asked = options.DisabledInitEndpoints.Contains("subscribe", StringComparer.OrdinalIgnoreCase)
                ? []
                : await appSubscriptions.AskAsync(starting.Token).ConfigureAwait(false);
            _subscriptions = SubscriptionMerge.Merge(Declared(), asked);
            var started = await Task.WhenAll(_subscriptions.Select(subscription => starter.TryStartAsync(subscription, starting.Token))).ConfigureAwait(false);
            _running.AddRange(started.OfType<IAsyncDisposable>());
        }
        finally
        {
            _turn.Release();
        }
    }

    public async Task OnStoppingAsync(CancellationToken cancellationToken)
    {
        // A start under way gives up first; what it had started until then is ended here.
        await _stopping.CancelAsync().ConfigureAwait(false);
        try
        {
            await StopAllAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            PubSubLog.StoppedWhileHandling(logger);
        }
    }

    public void Contribute(JsonObject metadata)
    {
        if (_subscriptions.Count > 0)
            metadata["subscriptions"] = new JsonArray([.. _subscriptions.Select(ToJson)]);
    }

    public void Dispose()
    {
        _turn.Dispose();
        _stopping.Dispose();
    }

    private IEnumerable<TopicSubscription> Declared() => resources.Current.Subscriptions.Select(TopicSubscription.From);

    private async Task StopAllAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var running = _running;
            _running = [];
            await Task.WhenAll(running.Select(StopAsync)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StopAsync(IAsyncDisposable subscription)
    {
        try
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // The others are still to be ended.
            PubSubLog.StopFailed(logger, failure);
        }
    }

    private static JsonObject ToJson(TopicSubscription subscription)
    {
        var json = new JsonObject { ["pubsubname"] = subscription.PubsubName, ["topic"] = subscription.Topic };
        if (subscription.Metadata.Count > 0)
            json["metadata"] = new JsonObject(subscription.Metadata.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        if (subscription.Rules.Count > 0)
            json["rules"] = new JsonArray([.. subscription.Rules.Select(ToJson)]);
        json["deadLetterTopic"] = subscription.DeadLetterTopic ?? "";
        json["type"] = subscription.Type == SubscriptionType.Declarative ? "DECLARATIVE" : "PROGRAMMATIC";
        return json;
    }

    private static JsonObject ToJson(RouteRule rule)
    {
        var json = new JsonObject();
        if (rule.Match.Length > 0)
            json["match"] = rule.Match;
        if (rule.Path.Length > 0)
            json["path"] = rule.Path;
        return json;
    }
}
