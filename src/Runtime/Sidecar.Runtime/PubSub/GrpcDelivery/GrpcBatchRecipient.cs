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

    public async Task HandOverAsync(Route route, IReadOnlyList<BulkItem> items, CancellationToken cancellationToken)
    {
        var request = Request(route);
        foreach (var item in items)
        {
            if (TryWrite(item, out var unfit) is { } entry)
                request.Entries.Add(entry);
            else
                item.Complete(Outcome.Unfit(unfit));
        }

        if (request.Entries.Count > 0)
            Complete(items, await CallAsync(request, cancellationToken).ConfigureAwait(false));
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

    private TopicEventBulkRequestEntry? TryWrite(in BulkItem item, out string? unfit)
    {
        unfit = null;
        var entry = new TopicEventBulkRequestEntry { EntryId = item.Entry.Id, ContentType = BulkEnvelope.ContentTypeOf(isRaw) };
        foreach (var (name, value) in item.Entry.Message.Metadata)
            entry.Metadata[name] = value;
        if (isRaw)
            entry.Bytes = ByteString.CopyFrom(item.Entry.Message.Data.Span);
        else if (EventFields.TryRead(item.Event.CloudEvent, out var fields, out unfit))
            entry.CloudEvent = fields.ToBatchEvent();
        return unfit is null ? entry : null;
    }

    private static void Complete(IReadOnlyList<BulkItem> items, GrpcResult<TopicEventBulkResponse> result)
    {
        if (!result.IsOK)
        {
            var outcome = StatusWords.OutcomeOf(result.Status);
            foreach (var item in items)
                item.Complete(outcome);
            return;
        }

        var statuses = new Dictionary<string, Outcome>(result.Message.Statuses.Count, StringComparer.Ordinal);
        foreach (var status in result.Message.Statuses)
            statuses[status.EntryId] = StatusWords.OutcomeOf(status.Status);
        foreach (var item in items)
            item.Complete(statuses.TryGetValue(item.Entry.Id, out var outcome) ? outcome : BulkReply.NoWord);
    }
}
