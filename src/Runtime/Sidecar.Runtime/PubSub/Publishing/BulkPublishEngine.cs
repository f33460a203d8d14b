using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Components.PubSub;
using Sidecar.Runtime.Errors;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Telemetry;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>What became of a bulk publish: refused as a whole (<see cref="Error"/> alone), or some entries failed (with the error), or all is well.</summary>
internal readonly record struct BulkPublishResult(DaprError? Error, IReadOnlyList<FailedEntry> Failed);

internal readonly record struct FailedEntry(string EntryId, string Reason);

/// <summary>
/// The rules of publishing many messages with one call (contract section 2.6): (1) check the entries; (2) check the
/// permission; (3) wrap each; (4) hand them to the broker, all at once where it can do that.
/// </summary>
internal sealed class BulkPublishEngine(PublishEngine single, SidecarOptions options, ILogger<BulkPublishEngine> logger)
{
    private const string MostBytes = "maxBulkPubBytes";

    /// <summary>Takes the entries as JSON.</summary>
    /// <inheritdoc cref="PublishAsync(PublishTarget, IReadOnlyList{BulkEntry}, TraceContext, CancellationToken)"/>
    public ValueTask<BulkPublishResult> PublishAsync(PublishTarget target, ReadOnlyMemory<byte> body, TraceContext trace, CancellationToken cancellationToken)
    {
        try
        {
            return PublishAsync(target, BulkEntryJson.ReadAll(body), trace, cancellationToken);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            return ValueTask.FromResult(new BulkPublishResult(
                PubSubErrors.UnreadableEntries(target.Broker.Name, target.Topic, options.AppId, malformed.Message), []));
        }
    }

    /// <param name="target">Of the request; each entry inherits its metadata if it has some of its own.</param>
    public async ValueTask<BulkPublishResult> PublishAsync(
        PublishTarget target, IReadOnlyList<BulkEntry> entries, TraceContext trace, CancellationToken cancellationToken)
    {
        // 1. to 3.
        var (ids, messages) = (new List<string>(entries.Count), new List<PubSubMessage>(entries.Count));
        if ((Check(target, entries) ?? single.CheckPermission(target) ?? TryWrapAll(target, entries, trace, ids, messages)) is { } refused)
            return new BulkPublishResult(refused, []);

        // 4.
        var failures = target.Broker.Driver is IBulkPublisher bulk
            ? await PublishAllAsync(bulk, target, messages, cancellationToken).ConfigureAwait(false)
            : await PublishEachAsync(target, messages, cancellationToken).ConfigureAwait(false);
        if (options.Observer is { } observer)
            TellPublished(observer, target, messages, failures);
        if (failures.Count == 0)
            return new BulkPublishResult(null, []);

        var failed = failures.Select(failure => new FailedEntry(ids[failure.Index], failure.Reason.Message)).ToList();
        PubSubLog.BulkPublishFailed(logger, failures[0].Reason, failed.Count, messages.Count, target.Topic, target.Broker.Name);
        return new BulkPublishResult(PubSubErrors.PublishFailed(target.Broker.Name, target.Topic, failed[0].Reason), failed);
    }

    private static void TellPublished(ISidecarObserver observer, PublishTarget target, List<PubSubMessage> messages, IReadOnlyList<UnpublishedMessage> failures)
    {
        var failed = failures.Select(failure => failure.Index).ToHashSet();
        foreach (var message in messages.Where((_, index) => !failed.Contains(index)))
            observer.Published(target.Broker.Name, target.Topic, message.Data);
    }

    private DaprError? Check(PublishTarget target, IReadOnlyList<BulkEntry> entries)
    {
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            if (entry.Problem is { } mismatch)
                return PubSubErrors.UnfitEntry(target.Broker.Name, target.Topic, options.AppId, mismatch);
            if (entry.Id.Length == 0 || !known.Add(entry.Id))
                return PubSubErrors.BadEntryIds(target.Broker.Name, target.Topic, options.AppId, "entryId is duplicated or not present for entry");
        }

        return null;
    }

    private DaprError? TryWrapAll(PublishTarget target, IReadOnlyList<BulkEntry> entries, TraceContext trace, List<string> ids, List<PubSubMessage> messages)
    {
        foreach (var entry in entries)
        {
            var own = trace with { TraceParent = TraceContext.Continue(trace.TraceParent, null).TraceParent };
            if (single.TryWrap(TargetOf(target, entry), entry.Data, entry.ContentType is { Length: > 0 } named ? named : null, own, out var message) is { } malformed)
                return malformed;
            ids.Add(entry.Id);
            messages.Add(message!);
        }

        return null;
    }

    // Whether payloads are raw is the request's word alone; an entry without metadata of its own gets none of the request's.
    private static PublishTarget TargetOf(PublishTarget request, BulkEntry entry)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (entry.Metadata is not null)
        {
            foreach (var (name, value) in request.Metadata)
                metadata[name] = value;
            foreach (var (name, value) in entry.Metadata)
                metadata[name] = value;
        }

        PublishMetadata.TryRead(metadata, out var read, out _);
        return request with { Metadata = metadata, Read = read.WithRaw(request.Read.IsRaw) };
    }

    private async ValueTask<IReadOnlyList<UnpublishedMessage>> PublishAllAsync(
        IBulkPublisher broker, PublishTarget target, List<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        if (TooLarge(target, messages) is { } tooLarge)
            return AllOf(messages, tooLarge);
        try
        {
            return await single.GuardOf(target).RunAsync(new BulkPublishCall(broker, target.Topic, messages), "", cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return AllOf(messages, failure);
        }
    }

    // In their order; the first that fails does not keep the others back.
    private async ValueTask<IReadOnlyList<UnpublishedMessage>> PublishEachAsync(PublishTarget target, List<PubSubMessage> messages, CancellationToken cancellationToken)
    {
        List<UnpublishedMessage> failures = [];
        for (var index = 0; index < messages.Count; index++)
        {
            try
            {
                await single.SendAsync(target, messages[index], cancellationToken).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                failures.Add(new UnpublishedMessage(index, failure));
            }
        }

        return failures;
    }

    // A limit for brokers that take the batch as a whole; the others never see one.
    private static InvalidOperationException? TooLarge(PublishTarget target, List<PubSubMessage> messages)
    {
        var text = target.Metadata.FirstOrDefault(entry => entry.Key.Equals(MostBytes, StringComparison.OrdinalIgnoreCase)).Value;
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) || most == 0)
            return null;
        var size = messages.Sum(message => (long)message.Data.Length);
        return size > most ? new InvalidOperationException($"the batch has {size} bytes, more than {MostBytes} allows ({most})") : null;
    }

    private static List<UnpublishedMessage> AllOf(List<PubSubMessage> messages, Exception reason) =>
        [.. messages.Select((_, index) => new UnpublishedMessage(index, reason))];
}
