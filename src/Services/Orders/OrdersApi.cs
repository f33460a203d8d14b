using System.Text.Json;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Http.HttpResults;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Orders;

internal static class OrdersApi
{
    public const string IdempotencyKey = "Idempotency-Key";

    private const int MaxKeyLength = 255;

    public static void MapOrders(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/orders", SubmitAsync);
        routes.MapGet("/orders/{id}", GetAsync);

        routes.MapEvent<StockReserved, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<StockRejected, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<PaymentAuthorized, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
        routes.MapEvent<PaymentDeclined, OrderProgress>((progress, fact, stop) => progress.OnAsync(fact, stop));
    }

    /// <summary>
    /// 1. Read the form, collecting what is wrong. 2. A known Idempotency-Key is answered from its record. 3. Ask for prices, which
    /// also tells unknown products. 4. Refuse, or 5. insert the order.
    /// </summary>
    internal static async Task<Results<Accepted<OrderAccepted>, ValidationProblem, ProblemHttpResult>> SubmitAsync(
        HttpContext http, OrderPlacement placement, PriceList priceList, ILogger<OrderPlacement> log, CancellationToken cancellationToken)
    {
        // 1.
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

        try
        {
            // 2.
            if (key is not null && form.ToRequest() is { } repeated
                && await placement.FindAsync(key, repeated, cancellationToken) is { } found)
            {
                return Answer(found);
            }

            // 3.
            var prices = form.Skus.Any() ? await priceList.GetAsync(cancellationToken) : null;
            if (prices is not null)
                form.RefuseUnknown(prices);
            else if (form.Errors.Count == 0)
                return ShopProblems.Unavailable(http, "Prices cannot be had at the moment; the order was not accepted.");

            // 4.
            if (form.ToRequest() is not { } request || prices is null)
                return TypedResults.ValidationProblem(form.Errors);
            if (request.Price(prices) is not { } priced)
                return TypedResults.ValidationProblem(new Dictionary<string, string[]> { ["lines"] = ["The total is too large."] });

            // 5.
            return key is null
                ? Answer(new Placement(await placement.PlaceAsync(request, priced, cancellationToken)))
                : Answer(await placement.PlaceOnceAsync(key, request, priced, cancellationToken));
        }
        catch (DaprException failure) when (!cancellationToken.IsCancellationRequested)
        {
            log.NoStore(failure.InnerException?.Message ?? failure.Message);
            return ShopProblems.Unavailable(http, "Orders cannot be stored at the moment; the order was not accepted.");
        }
    }

    internal static async Task<Results<Ok<OrderView>, ProblemHttpResult>> GetAsync(
        string id, DaprClient dapr, CancellationToken cancellationToken) =>
        Order.IsId(id)
        && await dapr.GetStateAsync<Order>(StateDocuments.Store, Order.Key(id), cancellationToken: cancellationToken) is { } order
            ? TypedResults.Ok(OrderView.Of(order))
            : TypedResults.Problem($"There is no order '{id}'.", statusCode: StatusCodes.Status404NotFound, title: "No such order");

    private static Results<Accepted<OrderAccepted>, ValidationProblem, ProblemHttpResult> Answer(Placement placement) =>
        placement.Order is { } order

            // What the request did, not how far the order has come: a repeated request gets the same answer.
            ? TypedResults.Accepted($"/orders/{order.Id}", new OrderAccepted(order.Id, OrderStatus.Submitted))
            : TypedResults.Problem(
                $"This {IdempotencyKey} was used for another order.",
                statusCode: StatusCodes.Status422UnprocessableEntity,
                title: "Idempotency key reused");

    private static string? ReadKey(HttpContext http, IDictionary<string, string[]> errors)
    {
        var values = http.Request.Headers[IdempotencyKey];
        if (values.Count == 0)
            return null;

        if (values.Count == 1 && !string.IsNullOrWhiteSpace(values[0]) && values[0]!.Length <= MaxKeyLength)
            return values[0];

        errors[IdempotencyKey] = [$"The header takes one value of 1 to {MaxKeyLength} characters."];
        return null;
    }
}
