using System.Text.Json;
using Dapr.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Orders;

internal static class OrdersApi
{
    public const string IdempotencyKey = "Idempotency-Key";


    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/orders", SubmitAsync);
        routes.MapGet("/orders/{id}", GetAsync);

        routes.MapEvent<StockReserved, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<StockRejected, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<PaymentAuthorized, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<PaymentDeclined, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
    }

    internal static async Task<Results<Accepted<OrderAccepted>, ValidationProblem, ProblemHttpResult>> SubmitAsync(
        HttpContext http, OrderIntake intake, CancellationToken cancellationToken)
    {
        OrderForm form;
        try
        {
            using var body = await JsonDocument.ParseAsync(http.Request.Body, cancellationToken: cancellationToken);
            form = OrderForm.Read(body.RootElement);
        }
        catch (JsonException malformed)
        {
            return ShopProblems.MalformedJson(malformed.Message);
        }

        var key = ReadKey(http, form.Errors);
        return await intake.SubmitAsync(form, key, cancellationToken) switch
        {
            // What the request did, not how far the order has come: a repeated request gets the same answer.
            Intake.Accepted { Order: var order } => TypedResults.Accepted($"/orders/{order.Id}", new OrderAccepted(order.Id, OrderStatus.Submitted)),
            Intake.Refused { Errors: var errors } => TypedResults.ValidationProblem(errors),
            Intake.Unavailable { Reason: var reason } => ShopProblems.Unavailable(http, reason),
            _ => TypedResults.Problem(
                $"This {IdempotencyKey} was used for another order.",
                statusCode: StatusCodes.Status422UnprocessableEntity,
                title: "Idempotency key reused"),
        };
    }

    internal static async Task<Results<Ok<OrderView>, ProblemHttpResult>> GetAsync(
        string id, DaprClient dapr, CancellationToken cancellationToken) =>
        await dapr.FindOrderAsync(id, cancellationToken) is { } order
            ? TypedResults.Ok(OrderView.Of(order))
            : TypedResults.Problem($"There is no order '{id}'.", statusCode: StatusCodes.Status404NotFound, title: "No such order");

    private static string? ReadKey(HttpContext http, IDictionary<string, string[]> errors)
    {
        var values = http.Request.Headers[IdempotencyKey];
        if (values.Count == 0)
            return null;

        if (values.Count == 1 && OrderPlacement.IsKey(values[0]))
            return values[0];

        errors[IdempotencyKey] = [$"The header takes one value of 1 to {OrderPlacement.MaxKeyLength} characters."];
        return null;
    }
}
