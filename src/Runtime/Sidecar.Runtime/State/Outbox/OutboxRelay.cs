using System.Collections.ObjectModel;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Components.PubSub;
using Sidecar.Components.State;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub;

namespace Sidecar.Runtime.State.Outbox;

/// <summary>
/// The second half of the outbox: consumes the internal topics, and passes an event on once its transaction's marker is in
/// the store. Each event waits by itself, in a delivery of its own, of which the broker keeps many in flight; one that cannot go on
/// goes to the end of the topic.
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

    /// <summary>Events with the relay at a time; on a broker with partitions, of each.</summary>
    private const int AtOnce = 4 * MissingMarkers.MostWaiting;

    /// <summary>Before an event is tried again that could not go on.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

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

    /// <summary>Events that wait for their marker go back to the topic at once; those being passed on are finished.</summary>
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
                source.Pubsub, source.Topic, AtOnce, (message, token) => RelayAsync(source, message, token), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The rest of the sidecar works on; transactions of these stores fail while their broker does.
            logger.NotSubscribed(source.Topic, source.Pubsub, failure);
            return null;
        }
    }

    /// <summary>
    /// Answers for the event only when it is through or stands on the topic once more: there are brokers on which a message has one
    /// attempt, and others on which those behind it wait for it.
    /// </summary>
    private async ValueTask<Delivery> RelayAsync(OutboxSource source, PubSubMessage message, CancellationToken cancellationToken)
    {
        if (OutboxEvent.ReadId(message.Data.Span) is not { } id)
        {
            logger.NotAnEvent(message.Topic);
            return Delivery.Ack;
        }

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _running.Stopping);
        while (true)
        {
            try
            {
                await AttemptAsync(source, id, message, waiting.Token, cancellationToken).ConfigureAwait(false);
                return Delivery.Ack;
            }
            catch (Exception failure)
            {
                // What was cancelled, and by whom, is looked at below.
                if (failure is not OperationCanceledException)
                    logger.RelayFailed(id, failure);
            }

            // The broker's time for the message is over: it comes again.
            if (cancellationToken.IsCancellationRequested)
                return Delivery.Nack;
            if (_running.Stopping.IsCancellationRequested)
                return await TryPutBehindAsync(source, message, cancellationToken).ConfigureAwait(false) ? Delivery.Ack : Delivery.Nack;
            await Task.Delay(Pause, time, waiting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Passes the event on, drops it, or puts it behind the others.</summary>
    /// <exception cref="Exception">The store or a broker fails; the event is as it was.</exception>
    private async ValueTask AttemptAsync(OutboxSource source, string id, PubSubMessage message, CancellationToken waiting, CancellationToken cancellationToken)
    {
        // Its store was just taken away; whoever has it next finds the event on the topic.
        if (!_candidates.TryGetValue(source, out var candidates))
        {
            await PutBehindAsync(source, message, cancellationToken).ConfigureAwait(false);
            return;
        }

        var (store, isSearchOver) = await FindMarkerAsync(candidates, id, waiting, cancellationToken).ConfigureAwait(false);
        var isDiscarded = store is null && isSearchOver && IsDiscarded(candidates, id);

        // Its transaction may have ended just after the last look.
        if (isDiscarded)
            store = await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false);
        if (store is null && !isDiscarded && !transactions.IsRefused(id))
        {
            await PutBehindAsync(source, message, cancellationToken).ConfigureAwait(false);
            return;
        }

        if (store is not null)
            await PassOnAsync(store, source, id, message, waiting, cancellationToken).ConfigureAwait(false);
        _missing.Forget(id);
    }

    /// <summary>
    /// The store that holds the marker, as soon as one does. Null without the end of the search when the transaction was refused, or
    /// when others already take up all the places for waiting.
    /// </summary>
    private async ValueTask<(ConfiguredStateStore? Store, bool IsSearchOver)> FindMarkerAsync(
        ConfiguredStateStore[] candidates, string id, CancellationToken waiting, CancellationToken cancellationToken)
    {
        var delivered = time.GetTimestamp();

        // The marker cannot be there before its transaction ends, and that is known exactly if it runs in this sidecar.
        if (transactions.Ending(id) is { } ending)
            await EndOrTimeAsync(ending, Schedule[^1], waiting).ConfigureAwait(false);

        // Looked for even so: a store may keep the marker of a transaction that it refused in part.
        var found = await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false);
        if (found is not null || transactions.IsRefused(id))
            return (found, false);
        if (!_missing.TryTakePlace())
        {
            // Not round and round as fast as the broker can.
            await PauseUntilAsync(delivered, Pause, waiting).ConfigureAwait(false);
            return (await LookAsync(candidates, id, cancellationToken).ConfigureAwait(false), false);
        }

        try
        {
            return (await SearchAsync(candidates, id, delivered, waiting).ConfigureAwait(false), !transactions.IsRefused(id));
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
    /// Publishes, then deletes the marker; the acknowledgement follows. A death in between publishes the same event again, under
    /// the same id; the other order could lose it.
    /// </summary>
    private async ValueTask PassOnAsync(
        ConfiguredStateStore store, OutboxSource source, string id, PubSubMessage message, CancellationToken waiting, CancellationToken cancellationToken)
    {
        var settings = store.Outbox!;
        if (await PublishAsync(settings.PublishPubsub, settings.PublishTopic, message, cancellationToken).ConfigureAwait(false) is { } error)
        {
            logger.NotPassedOn(id, settings.PublishTopic, settings.PublishPubsub, error.Message);
            await Task.Delay(Pause, time, waiting).ConfigureAwait(false);
            await PutBehindAsync(source, message, cancellationToken).ConfigureAwait(false);
            return;
        }

        await store.Driver.DeleteAsync(new StateDelete(id), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The topic has the event once more, behind the others; a death before the acknowledgement leaves it there twice.</summary>
    private async ValueTask PutBehindAsync(OutboxSource source, PubSubMessage message, CancellationToken cancellationToken)
    {
        if (await PublishAsync(source.Pubsub, source.Topic, message, cancellationToken).ConfigureAwait(false) is { } error)
            throw new ComponentException(error.Message);
    }

    private async ValueTask<bool> TryPutBehindAsync(OutboxSource source, PubSubMessage message, CancellationToken cancellationToken)
    {
        try
        {
            await PutBehindAsync(source, message, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure)
        {
            // Not the end of the event: a broker that cannot be reached does not hear of its failure either.
            logger.NotPutBehind(source.Topic, source.Pubsub, failure);
            return false;
        }
    }

    private ValueTask<DaprError?> PublishAsync(string pubsub, string topic, PubSubMessage message, CancellationToken cancellationToken) =>
        topics.PublishAsync(pubsub, topic, message.Data, ContentTypes.CloudEvent, ReadOnlyDictionary<string, string>.Empty, cancellationToken);

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
