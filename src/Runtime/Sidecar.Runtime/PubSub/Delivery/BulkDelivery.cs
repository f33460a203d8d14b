using System.Diagnostics;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resiliency;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.PubSub.Delivery;

/// <summary>
/// Delivers in batches (contract section 2.7): (1) collect; (2) one call to the app for each route; (3) put those that a policy
/// tries again into another batch, each at its time. Each message has its own outcome.
/// </summary>
internal sealed class BulkDelivery : IDelivery
{
    private readonly DeliveryGuard _guard;
    private readonly IBatchRecipient _recipient;
    private readonly MessageBatches _batches;

    public BulkDelivery(DeliveryGuard guard, IBatchRecipient recipient, BulkSubscribe limits, TimeProvider time)
    {
        (_guard, _recipient) = (guard, recipient);
        _batches = new MessageBatches(limits, DeliverAsync, time);
    }

    // 1., and 3., for which nobody who follows waits.
    public ValueTask<Outcome> DeliverAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken) => _guard.IsOpen
        ? AddAsync(message, admitted, span, cancellationToken)
        : _guard.RetryAsync(admitted.Summary.Id, _ => AddAsync(message, admitted, span, cancellationToken), cancellationToken);

    public void Retire() => _batches.Retire();

    private ValueTask<Outcome> AddAsync(PubSubMessage message, AdmittedEvent admitted, Activity? span, CancellationToken cancellationToken) =>
        _batches.AddAsync(new BatchEntry(message, admitted, span, cancellationToken));

    private async Task DeliverAsync(IReadOnlyList<BatchEntry> batch)
    {
        OrderedDictionary<Route, List<BatchEntry>> routes = [];
        foreach (var entry in batch)
        {
            if (routes.TryGetValue(entry.Event.Route, out var entries))
                entries.Add(entry);
            else
                routes.Add(entry.Event.Route, [entry]);
        }

        // 2.
        foreach (var (route, entries) in routes)
            await DeliverAsync(route, entries).ConfigureAwait(false);
    }

    private async Task DeliverAsync(Route route, List<BatchEntry> entries)
    {
        // A message whose time ends goes back by itself; the call goes on for the others, while there are any.
        using var sending = new CancellationTokenSource();
        var left = entries.Count;
        var ends = entries.ConvertAll(entry => entry.Cancellation.Register(() =>
        {
            if (Interlocked.Decrement(ref left) == 0)
                sending.Cancel();
        }));

        // What a policy does to the call is told in the span of its first message.
        Activity.Current = entries[0].Span;
        try
        {
            if (_guard.IsOpen)
                await _recipient.HandOverAsync(route, entries, sending.Token).ConfigureAwait(false);
            else
                await _guard.HandOverAsync(attempt => HandOverAsync(route, entries, attempt), sending.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or PolicyException)
        {
            foreach (var entry in entries)
                entry.Complete(new Outcome(Verdict.Retry, failure.Message) { IsFinal = failure is BreakerOpenException });
        }
        finally
        {
            ends.ForEach(end => end.Dispose());
        }
    }

    private async ValueTask<CallFailure?> HandOverAsync(Route route, List<BatchEntry> entries, CancellationToken cancellationToken)
    {
        await _recipient.HandOverAsync(route, entries, cancellationToken).ConfigureAwait(false);
        return entries.Find(entry => entry.Outcome is { IsCompletedSuccessfully: true, Result.MayBeRetried: true }) is { } failed
            ? new CallFailure(failed.Outcome.Result.Reason ?? "")
            : null;
    }
}
