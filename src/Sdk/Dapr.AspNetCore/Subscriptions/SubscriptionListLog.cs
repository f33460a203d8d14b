using Microsoft.Extensions.Logging;

namespace Dapr;

internal static partial class SubscriptionListLog
{
    [LoggerMessage(1, LogLevel.Warning, "Route {Route} has parameters and cannot take events: topic {Topic} of {PubSub} is not subscribed to.")]
    public static partial void RouteHasParameters(this ILogger log, string? route, string topic, string pubsub);

    [LoggerMessage(2, LogLevel.Error, "Topic {Topic} of {PubSub} has several default routes: {Route} is taken, {Others} will never be called.")]
    public static partial void SeveralDefaultRoutes(this ILogger log, string topic, string pubsub, string route, string others);

    [LoggerMessage(3, LogLevel.Error, "Topic {Topic} of {PubSub} has rules of the same priority: which is tried first is undefined.")]
    public static partial void SamePriorityTwice(this ILogger log, string topic, string pubsub);
}
