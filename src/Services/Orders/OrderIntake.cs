using Dapr;
using Shop.Contracts;

namespace Shop.Orders;

/// <summary>How a request for an order ended, for whichever front it came by.</summary>
internal abstract record Intake
{
    private Intake()
    {
    }

    public sealed record Accepted(Order Order) : Intake;

    /// <param name="Errors">What is wrong, by field.</param>
    public sealed record Refused(IDictionary<string, string[]> Errors) : Intake;

    /// <summary>The Idempotency-Key was used for another order.</summary>
    public sealed record KeyReused : Intake;

    /// <summary>Nothing was accepted; the same request may succeed later.</summary>
    public sealed record Unavailable(string Reason) : Intake;
}

/// <summary>Takes orders in: what every front does once it has read a form.</summary>
internal sealed class OrderIntake(OrderPlacement placement, PriceList priceList, ILogger<OrderIntake> log)
{
    /// <summary>
    /// 1. A known Idempotency-Key is answered from its record. 2. Ask for prices, which also tells unknown products. 3. Refuse, or
    /// 4. insert the order.
    /// </summary>
    /// <param name="key">Idempotency-Key; null = none.</param>
    public async Task<Intake> SubmitAsync(OrderForm form, string? key, CancellationToken cancellationToken)
    {
        try
        {
            // 1.
            if (key is not null && form.ToRequest() is { } repeated
                && await placement.FindAsync(key, repeated, cancellationToken) is { } found)
            {
                return Answer(found);
            }

            // 2.
            var prices = form.Skus.Any() ? await priceList.GetAsync(cancellationToken) : null;
            if (prices is not null)
                form.RefuseUnknown(prices);
            else if (form.Errors.Count == 0)
                return new Intake.Unavailable("Prices cannot be had at the moment; the order was not accepted.");

            // 3.
            if (form.ToRequest() is not { } request || prices is null)
                return new Intake.Refused(form.Errors);
            if (request.Price(prices) is not { } priced)
                return new Intake.Refused(new Dictionary<string, string[]> { ["lines"] = ["The total is too large."] });

            // 4.
            return key is null
                ? new Intake.Accepted(await placement.PlaceAsync(request, priced, cancellationToken))
                : Answer(await placement.PlaceOnceAsync(key, request, priced, cancellationToken));
        }
        catch (DaprException failure) when (!cancellationToken.IsCancellationRequested)
        {
            log.NoStore(failure.InnerException?.Message ?? failure.Message);
            return new Intake.Unavailable("Orders cannot be stored at the moment; the order was not accepted.");
        }
    }

    private static Intake Answer(Placement placement) =>
        placement.Order is { } order ? new Intake.Accepted(order) : new Intake.KeyReused();
}
