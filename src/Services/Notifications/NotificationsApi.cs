using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Notifications;

internal static class NotificationsApi
{
    public static void MapNotifications(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/notifications/{orderId}", GetAsync);

        // Subscribed in code, where the other services are subscribed by config/subscriptions.yaml: Dapr takes either.
        routes.MapEvent<OrderConfirmed, Notifier>((notifier, order, stop) => notifier.OnAsync(order, stop))
            .WithTopic(On<OrderConfirmed>(priority: 1));
        routes.MapEvent<OrderCancelled, Notifier>((notifier, order, stop) => notifier.OnAsync(order, stop))
            .WithTopic(On<OrderCancelled>(priority: 2));
    }

    internal static async Task<Results<Ok<Notification>, ProblemHttpResult>> GetAsync(
        string orderId, DaprClient dapr, CancellationToken cancellationToken) =>
        !orderId.Contains("||", StringComparison.Ordinal)
        && await dapr.GetStateAsync<Notification>(StateDocuments.Store, Notification.Key(orderId), cancellationToken: cancellationToken) is { } told
            ? TypedResults.Ok(told)
            : TypedResults.Problem(
                $"Nobody was told about order '{orderId}'.", statusCode: StatusCodes.Status404NotFound, title: "No such notification");

    private static TopicOptions On<TEvent>(int priority)
        where TEvent : IShopEvent =>
        new()
        {
            PubsubName = EventEndpoints.PubSub,
            Name = TEvent.Topic,
            Match = $"event.type == \"{TEvent.Type}\"",
            Priority = priority,
        };
}
