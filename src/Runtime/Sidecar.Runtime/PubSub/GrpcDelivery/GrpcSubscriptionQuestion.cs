using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;
using Sidecar.Grpc;
using Sidecar.Protos;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.PubSub.Routing;
using Sidecar.Runtime.Resources;
using TopicSubscription = Sidecar.Runtime.PubSub.Routing.TopicSubscription;

namespace Sidecar.Runtime.PubSub.GrpcDelivery;

/// <summary>Asks an app that speaks gRPC what it subscribes to: ListTopicSubscriptions (contract section 3.4, "App callbacks").</summary>
internal sealed class GrpcSubscriptionQuestion(GrpcAppChannel app, TimeProvider time, ILogger<AppSubscriptions> logger) : ISubscriptionQuestion
{
    private const string Question = "ListTopicSubscriptions";

    // A subscription without routes takes every message, and its events have no path.
    private static readonly IReadOnlyList<RouteRule> Everything = [new RouteRule("", "")];
    private static readonly Empty Nothing = new();

    public async Task<IReadOnlyList<TopicSubscription>?> AskAsync(CancellationToken cancellationToken)
    {
        var (listed, failure, attempts) = await AppQuestion.RepeatAsync((_, token) => AskOnceAsync(token), time, cancellationToken).ConfigureAwait(false);
        if (failure is null)
            return [.. listed!.Subscriptions.Select(Read)];
        if (failure is GrpcException { Code: StatusCode.Unimplemented })
        {
            PubSubLog.NoSubscribeEndpoint(logger, Question);
            return [];
        }

        PubSubLog.SubscribeQuestionFailed(logger, failure, Question, attempts);
        return null;
    }

    private async Task<ListTopicSubscriptionsResponse> AskOnceAsync(CancellationToken cancellationToken)
    {
        var result = await app.CallAsync(AppCallback.ListTopicSubscriptions, Nothing, default, cancellationToken).ConfigureAwait(false);
        return result.GetMessage();
    }

    private static TopicSubscription Read(Protos.TopicSubscription listed)
    {
        var routes = TopicSubscription.WithDefault([.. listed.Routes?.Rules.Select(rule => new RouteRule(rule.Match, rule.Path)) ?? []], listed.Routes?.Default);
        return new TopicSubscription(listed.PubsubName, listed.Topic, SubscriptionType.Programmatic, routes.Count > 0 ? routes : Everything)
        {
            DeadLetterTopic = TopicSubscription.EmptyAsNull(listed.DeadLetterTopic),
            Metadata = new Dictionary<string, string>(listed.Metadata),
            BulkSubscribe = BulkSubscribe.From(listed.BulkSubscribe?.Enabled == true, listed.BulkSubscribe?.MaxMessagesCount, listed.BulkSubscribe?.MaxAwaitDurationMs),
        };
    }
}
