using System.Collections.ObjectModel;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Components.State;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>
/// The second half of the outbox: consumes the internal topics, and passes an event on once its transaction's marker is in
/// the store. Each event waits by itself, in a delivery of its own; the broker keeps many of them in flight.
/// </summary>
internal sealed class OutboxRelay(StateStores stores, ITopics topics, OutboxTransactions transactions, TimeProvider time, ILogger<OutboxRelay> logger)
    : ISidecarFeature, IDisposable
{
    /// <summary>
    /// When the marker is looked for, counted from the delivery: after 1 s, then in steps of 0.5 s that grow threefold to 3 s,
    /// and once more when the 10 s are over.
    /// </summary>
    private static readonly TimeSpan[] Schedule =
    [
        TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(3),
        TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(9), TimeSpan.FromSeconds(10),
    ];

    private readonly MissingMarkers _missing = new(time);
    private readonly RunningSet<OutboxSource> _running = new((source, failure) => logger.NotEnded(source.Topic, source.Pubsub, failure));
    private volatile Dictionary<OutboxSource, ConfiguredStateStore[]> _candidates = [];
    private volatile bool _appIsReady;

    public Task OnAppReadyAsync(CancellationToken cancellationToken)
    {
        _appIsReady = true;
        return FollowStoresAsync(cancellationToken);
    }

    public Task OnComponentAddedAsync(LoadedComponent component, CancellationToken cancellationToken) =>
        _appIsReady && component.Component is IStateStore or IPubSub ? FollowStoresAsync(cancellationToken) : Task.CompletedTask;

    public async Task OnComponentRemovedAsync(LoadedComponent component, CancellationToken cancellationToken)
    {
        if (component.Component is IPubSub)
            await _running.EndAsync(source => source.Pubsub == component.Name, cancellationToken).ConfigureAwait(false);
        else if (_appIsReady && component.Component is IStateStore)
            await FollowStoresAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Events that wait for their marker go back to the broker at once; those being passed on are finished.</summary>
    public async Task OnStoppingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _running.StopAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The time for a graceful stop is over. What was not acknowledged comes again after the next start.
            logger.StoppedWhileRelaying();
        }
    }

    public void Dispose()
    {
        _running.Dispose();
        _missing.Dispose();
    }

    /// <summary>One consumer per internal topic: stores with the same brokers and target share one, and an event is looked for in each of them.</summary>
    private Task FollowStoresAsync(CancellationToken cancellationToken)
    {
        _candidates = stores.All.Where(store => store.Outbox is not null)
            .GroupBy(store => new OutboxSource(store.Outbox!.InternalPubsub, store.Outbox.InternalTopic))
            .ToDictionary(source => source.Key, source => source.ToArray());
        return _running.AlignAsync(_candidates.Keys, SubscribeAsync, cancellationToken);
    }

    private async Task<IAsyncDisposable?> SubscribeAsync(OutboxSource source, CancellationToken cancellationToken)
    {
        try
        {
            return await topics.SubscribeAsync(
                source.Pubsub, source.Topic, (message, token) => RelayAsync(source, message, token), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The rest of the sidecar works on; transactions of these stores fail while their broker does.
            logger.NotSubscribed(source.Topic, source.Pubsub, failure);
            return null;
        }
    }

    private async ValueTask<Delivery> RelayAsync(OutboxSource source, PubSubMessage message, CancellationToken cancellationToken)
    {
        // Its store was just taken away; whoever has it next finds the event here.
        if (!_candidates.TryGetValue(source, out var candidates))
            return Delivery.Nack;
        if (OutboxEvent.ReadId(message.Data.Span) is not { } id)
        {
            logger.NotAnEvent(message.Topic);
            return Delivery.Ack;
        }

        try
        {
            var (store, isSearchOver) = await FindMarkerAsync(candidates, id, cancellationToken).ConfigureAwait(false);
            var isDiscarded = store is null && isSearchOver && IsDiscarded(candidates, id);

            // Its transaction may have ended just after the last look.
            if (isDiscarded)
                store = await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false);
            var delivery = store is not null ? await PassOnAsync(store, id, message, cancellationToken).ConfigureAwait(false)
                : isDiscarded || transactions.IsRefused(id) ? Delivery.Ack
                : Delivery.Nack;
            if (delivery == Delivery.Ack)
                _missing.Forget(id);
            return delivery;
        }
        catch (OperationCanceledException)
        {
            // Stopping, or the broker's time for the message is over: it comes again.
            return Delivery.Nack;
        }
        catch (Exception failure)
        {
            logger.RelayFailed(id, failure);
            return Delivery.Nack;
        }
    }

    /// <summary>
    /// The store that holds the marker, as soon as one does. Null without the end of the search when the transaction was refused, or
    /// when others already take up all the places for waiting; the broker then brings the event again.
    /// </summary>
    private async ValueTask<(ConfiguredStateStore? Store, bool IsSearchOver)> FindMarkerAsync(
        ConfiguredStateStore[] candidates, string id, CancellationToken cancellationToken)
    {
        var delivered = time.GetTimestamp();
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _running.Stopping);
        // The marker cannot be there before its transaction ends, and that is known exactly if it runs in this sidecar.
        if (transactions.Ending(id) is { } ending)
            await EndOrTimeAsync(ending, Schedule[^1], waiting.Token).ConfigureAwait(false);

        // Looked for even so: a store may keep the marker of a transaction that it refused in part.
        var found = await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false);
        if (found is not null || transactions.IsRefused(id) || !_missing.TryTakePlace())
            return (found, false);
        try
        {
            return (await SearchAsync(candidates, id, delivered, waiting.Token).ConfigureAwait(false), !transactions.IsRefused(id));
        }
        finally
        {
            _missing.GiveUpPlace();
        }
    }

    private async ValueTask<ConfiguredStateStore?> SearchAsync(ConfiguredStateStore[] candidates, string id, long delivered, CancellationToken cancellationToken)
    {
        ConfiguredStateStore? found = null;
        foreach (var offset in Schedule)
        {
            if (found is not null || transactions.IsRefused(id))
                break;
            if (time.GetElapsedTime(delivered) >= offset)
                continue;
            await PauseUntilAsync(delivered, offset, cancellationToken).ConfigureAwait(false);
            found = await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    private async Task PauseUntilAsync(long delivered, TimeSpan offset, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var rest = offset - time.GetElapsedTime(delivered);
        var pause = Task.Delay(rest > TimeSpan.Zero ? rest : TimeSpan.Zero, time, over.Token);

        // A clock that was moved on between the look at it and the setting of the timer has left the timer behind.
        if (time.GetElapsedTime(delivered) < offset)
            await pause.ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
    }

    private async Task EndOrTimeAsync(Task ending, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(ending, Task.Delay(limit, time, stop.Token)).ConfigureAwait(false);
        await stop.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static async ValueTask<ConfiguredStateStore?> LookAsync(ConfiguredStateStore[] candidates, string id, CancellationToken cancellationToken)
    {
        foreach (var store in candidates)
        {
            if (await store.Driver.GetAsync(id, default, cancellationToken).ConfigureAwait(false) is not null)
                return store;
        }

        return null;
    }

    /// <summary>
    /// Publishes, then deletes the marker, then acknowledges. A death in between publishes the same event again, under the
    /// same id; the other order could lose it.
    /// </summary>
    private async ValueTask<Delivery> PassOnAsync(ConfiguredStateStore store, string id, PubSubMessage message, CancellationToken cancellationToken)
    {
        var settings = store.Outbox!;
        var error = await topics.PublishAsync(
            settings.PublishPubsub, settings.PublishTopic, message.Data, ContentTypes.CloudEvent,
            ReadOnlyDictionary<string, string>.Empty, cancellationToken).ConfigureAwait(false);
        if (error is not null)
        {
            logger.NotPassedOn(id, settings.PublishTopic, settings.PublishPubsub, error.Message);
            return Delivery.Nack;
        }

        await store.Driver.DeleteAsync(new StateDelete(id), cancellationToken).ConfigureAwait(false);
        return Delivery.Ack;
    }

    private bool IsDiscarded(ConfiguredStateStore[] candidates, string id)
    {
        // One of several stores may have asked to keep events, and whose this one is nobody knows.
        var isDiscarded = _missing.IsHopeless(id) || candidates.All(store => store.Outbox!.DiscardWhenMissingState);

        // One whose transaction still runs here can go on yet, however long that takes.
        isDiscarded &= transactions.Ending(id) is null;
        if (isDiscarded)
            logger.Discarded(id, candidates[0].Name);
        else
            logger.MarkerMissing(id, candidates[0].Name);
        return isDiscarded;
    }
}

/// <summary>An internal topic of outboxes.</summary>
internal readonly record struct OutboxSource(string Pubsub, string Topic);
