using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Telemetry;
using BrokerAnswer = Sidecar.Components.PubSub.Delivery;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Delivers in batches (contract section 2.7): (1) collect; (2) admit each message by itself; (3) one call to the app for
/// each route; (4) put those that a policy tries again into another batch, each at its time; (5) settle each message by its
/// own status.
/// </summary>
internal sealed class BulkDelivery : IDelivery
{
    private readonly MessageAdmission _admission;
    private readonly DeliveryGuard _guard;
    private readonly MessageSettlement _settlement;
    private readonly IBatchRecipient _recipient;
    private readonly MessageBatches _batches;
    private readonly SidecarOptions _options;
    private readonly string _topic;

    public BulkDelivery(
        MessageAdmission admission, DeliveryGuard guard, MessageSettlement settlement, IBatchRecipient recipient, TopicSubscription subscription, SidecarOptions options, TimeProvider time)
    {
        (_admission, _guard, _settlement, _recipient, _options, _topic) = (admission, guard, settlement, recipient, options, subscription.Topic);
        _batches = new MessageBatches(subscription.BulkSubscribe!, DeliverAsync, time);
    }

    public async ValueTask<BrokerAnswer> HandleAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        // 1., and 4., for which nobody who follows waits.
        var outcome = _guard.IsOpen
            ? await _batches.AddAsync(message, cancellationToken).ConfigureAwait(false)
            : await GuardedAsync(message, cancellationToken).ConfigureAwait(false);

        // 5.
        return await _settlement.SettleAsync(message, outcome, cancellationToken).ConfigureAwait(false);
    }

    public void Retire() => _batches.Retire();

    private ValueTask<Outcome> GuardedAsync(PubSubMessage message, CancellationToken cancellationToken) =>
        _guard.RetryAsync(_ => _batches.AddAsync(message, cancellationToken), cancellationToken);

    private async Task DeliverAsync(IReadOnlyList<BatchEntry> batch)
    {
        // 2.
        OrderedDictionary<Route, List<BulkItem>> routes = [];
        foreach (var entry in batch)
        {
            if (!_admission.TryAdmit(entry.Message, out var admitted, out var refusal))
                entry.Complete(refusal);
            else if (routes.TryGetValue(admitted.Route, out var items))
                items.Add(new BulkItem(entry, admitted));
            else
                routes.Add(admitted.Route, [new BulkItem(entry, admitted)]);
        }

        // 3.
        foreach (var (route, items) in routes)
            await DeliverAsync(route, items).ConfigureAwait(false);
    }

    private async Task DeliverAsync(Route route, List<BulkItem> items)
    {
        // What the end of one message's time cuts short, it cuts short for all: they go back to the broker.
        using var sending = CancellationTokenSource.CreateLinkedTokenSource([.. items.Select(item => item.Entry.Cancellation)]);
        var spans = StartSpans(items);
        try
        {
            if (_guard.IsOpen)
                await _recipient.HandOverAsync(route, items, sending.Token).ConfigureAwait(false);
            else
                await _guard.HandOverAsync(attempt => HandOverAsync(route, items, attempt), sending.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or PolicyException)
        {
            foreach (var item in items)
                item.Complete(new Outcome(Verdict.Retry, failure.Message));
        }
        finally
        {
            foreach (var span in spans)
                span?.Dispose();
        }
    }

    private async ValueTask<CallFailure?> HandOverAsync(Route route, List<BulkItem> items, CancellationToken cancellationToken)
    {
        await _recipient.HandOverAsync(route, items, cancellationToken).ConfigureAwait(false);
        return items.Find(item => item.Entry.Outcome is { IsCompletedSuccessfully: true, Result.MayBeRetried: true }) is { Entry: { } failed }
            ? new CallFailure(failed.Outcome.Result.Reason ?? "")
            : null;
    }

    // One for each message, in the trace of its own.
    private Activity?[] StartSpans(List<BulkItem> items) => _options.Spans.HasListeners()
        ? [.. items.Select(item => SidecarSpans.StartDelivery(_options, _topic, item.Event.Summary.TraceParent, item.Event.Summary.TraceState))]
        : [];
}

/// <summary>An entry that goes to the app.</summary>
internal readonly record struct BulkItem(BatchEntry Entry, AdmittedEvent Event)
{
    public void Complete(Outcome outcome) => Entry.Complete(outcome with { EventId = Event.Summary.Id });
}
