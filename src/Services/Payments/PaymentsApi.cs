using Dapr.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Payments;

internal static class PaymentsApi
{
    public static void MapPayments(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/payments/{orderId}", GetAsync);

        routes.MapEvent<PaymentRequested, PaymentProcess>((payments, request, stop) => payments.OnAsync(request, stop));
        routes.MapEvent<OrderConfirmed, PaymentProcess>((payments, order, stop) => payments.OnAsync(order, stop));
        routes.MapEvent<OrderCancelled, PaymentProcess>((payments, order, stop) => payments.OnAsync(order, stop));
    }

    internal static async Task<Results<Ok<Payment>, ProblemHttpResult>> GetAsync(
        string orderId, DaprClient dapr, CancellationToken cancellationToken) =>
        !orderId.Contains("||", StringComparison.Ordinal)
        && await dapr.GetStateAsync<Payment>(StateDocuments.Store, Payment.Key(orderId), cancellationToken: cancellationToken) is { } payment
            ? TypedResults.Ok(payment)
            : TypedResults.Problem(
                $"No payment of order '{orderId}' is decided.", statusCode: StatusCodes.Status404NotFound, title: "No such payment");
}
