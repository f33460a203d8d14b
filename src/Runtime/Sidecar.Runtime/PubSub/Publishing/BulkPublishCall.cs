using Sidecar.Components.PubSub;
using Sidecar.Runtime.Resiliency;

namespace Sidecar.Runtime.PubSub.Publishing;

/// <summary>Messages that are published at once, under policies: what an attempt leaves over is all that the next one publishes.</summary>
internal sealed class BulkPublishCall(IBulkPublisher broker, string topic, IReadOnlyList<PubSubMessage> messages) : IGuardedCall<IReadOnlyList<UnpublishedMessage>>
{
    // Places in the list of what no attempt has published.
    private List<int> _left = [.. Enumerable.Range(0, messages.Count)];

    public string Subject => $"publish {_left.Count} messages to {topic}";

    public async ValueTask<IReadOnlyList<UnpublishedMessage>> AttemptAsync(CancellationToken cancellationToken)
    {
        var left = _left;
        var failures = await broker.PublishAsync([.. left.Select(index => messages[index])], cancellationToken).ConfigureAwait(false);
        List<UnpublishedMessage> told = [.. failures.Select(failure => failure with { Index = left[failure.Index] })];
        _left = [.. told.Select(failure => failure.Index)];
        return told;
    }

    public CallFailure? Judge(IReadOnlyList<UnpublishedMessage> result) => result.Count == 0 ? null : new CallFailure(result[0].Reason.Message);
}
