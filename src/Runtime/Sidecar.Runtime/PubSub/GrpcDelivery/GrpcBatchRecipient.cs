using Google.Protobuf;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.Delivery;
using Route = Sidecar.Runtime.PubSub.Routing.Route;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>The same for batches: a call of OnBulkTopicEvent, or of its elder in apps that know that alone.</summary>
/// <param name="topic">As the app knows it.</param>
internal sealed class GrpcBatchRecipient(string pubsub, string topic, bool isRaw, GrpcAppChannel app) : IBatchRecipient
{
    // What answered last is asked first. An app that was replaced may know the other one.
    private volatile bool _isOfOldApp;

    public async Task HandOverAsync(Route route, IReadOnlyList<BatchEntry> entries, CancellationToken cancellationToken)
    {
        var request = Request(route);
        foreach (var entry in entries)
        {
            if (TryWrite(entry, out var unfit) is { } written)
                request.Entries.Add(written);
            else
                entry.Complete(Outcome.Unfit(unfit));
        }

        if (request.Entries.Count == 0)
            return;
        var result = await CallAsync(request, cancellationToken).ConfigureAwait(false);

        // The status CANCELLED that a call given up here has is no word of the app.
        if (!result.IsOK)
            cancellationToken.ThrowIfCancellationRequested();
        Complete(entries, result);
    }

    private async ValueTask<GrpcResult<TopicEventBulkResponse>> CallAsync(TopicEventBulkRequest request, CancellationToken cancellationToken)
    {
        var options = new CallOptions { Metadata = EventMetadata.OfBatch(pubsub) };
        var isOld = _isOfOldApp;
        var result = await app.CallAsync(MethodOf(isOld), request, options, cancellationToken).ConfigureAwait(false);
        if (result.Status.Code != StatusCode.Unimplemented)
            return result;
        result = await app.CallAsync(MethodOf(!isOld), request, options, cancellationToken).ConfigureAwait(false);
        if (result.Status.Code != StatusCode.Unimplemented)
            _isOfOldApp = !isOld;
        return result;
    }

    private static GrpcMethod<TopicEventBulkRequest, TopicEventBulkResponse> MethodOf(bool isOldApp) =>
        isOldApp ? AppCallback.OnBulkTopicEventAlpha1 : AppCallback.OnBulkTopicEvent;

    private TopicEventBulkRequest Request(Route route) => new()
    {
        Id = Guid.NewGuid().ToString(),
        Type = BulkEnvelope.BulkType,
        Topic = topic,
        PubsubName = pubsub,
        Path = route.Path,
        Metadata = { [BulkEnvelope.PubsubEntry] = pubsub },
    };

    private TopicEventBulkRequestEntry? TryWrite(BatchEntry entry, out string? unfit)
    {
        unfit = null;
        var written = new TopicEventBulkRequestEntry { EntryId = entry.Id, ContentType = BulkEnvelope.ContentTypeOf(isRaw) };
        foreach (var (name, value) in entry.Message.Metadata)
            written.Metadata[name] = value;
        if (isRaw)
            written.Bytes = ByteString.CopyFrom(entry.Message.Data.Span);
        else if (EventFields.TryRead(entry.Event.CloudEvent, out var fields, out unfit))
            written.CloudEvent = fields.ToBatchEvent();
        return unfit is null ? written : null;
    }

    private static void Complete(IReadOnlyList<BatchEntry> entries, GrpcResult<TopicEventBulkResponse> result)
    {
        if (!result.IsOK)
        {
            var outcome = StatusWords.OutcomeOf(result.Status);
            foreach (var entry in entries)
                entry.Complete(outcome);
            return;
        }

        var statuses = new Dictionary<string, Outcome>(result.Message.Statuses.Count, StringComparer.Ordinal);
        foreach (var status in result.Message.Statuses)
            statuses[status.EntryId] = StatusWords.OutcomeOf(status.Status);
        foreach (var entry in entries)
            entry.Complete(statuses.TryGetValue(entry.Id, out var outcome) ? outcome : BulkReply.NoWord);
    }
}
