using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Inventory;

/// <summary>
/// Reserves, sells and gives back the stock of orders. Several products cannot be written at once, so each is taken by itself; the
/// reservation document says what they add up to. Every step can be repeated, by the same handler after a crash or by a duplicate of
/// it at the same time.
/// </summary>
internal sealed class Reservations(DaprClient dapr, TimeProvider clock, ILogger<Reservations> log)
{
    private readonly KeyedLock _products = new();

    /// <summary>Takes every line or none, and tells Orders which.</summary>
    public async Task<EventStatus> OnAsync(OrderSubmitted order, CancellationToken cancellationToken)
    {
        var (reservation, _) = await dapr.InsertOrGetAsync(
            Reservation.Key(order.OrderId), Reservation.Of(order), cancellationToken: cancellationToken);

        if (reservation.Status == ReservationStatus.Reserving)
            reservation = await DecideAsync(reservation, cancellationToken);
        if (reservation.Status == ReservationStatus.Rejecting)
            reservation = await GiveBackAsync(reservation, ReservationStatus.Rejecting, ReservationStatus.Rejected, cancellationToken);

        await PublishDecisionAsync(reservation, cancellationToken);
        return EventStatus.Success;
    }

    /// <summary>Sells what is reserved.</summary>
    public async Task<EventStatus> OnAsync(OrderConfirmed order, CancellationToken cancellationToken)
    {
        var reservation = await FindAsync(order.OrderId, cancellationToken);
        switch (reservation?.Status)
        {
            case ReservationStatus.Reserved:
                foreach (var line in reservation.Lines)
                    await ChangeAsync(line.Sku, product => product.Sell(order.OrderId, clock.GetUtcNow()), cancellationToken);
                await StepAsync(order.OrderId, ReservationStatus.Reserved, ReservationStatus.Committed, null, cancellationToken);
                return EventStatus.Success;
            case ReservationStatus.Committed:
                return EventStatus.Success;
            default:
                return Unexpected(OrderConfirmed.Type, order.OrderId, reservation);
        }
    }

    /// <summary>Gives back what is reserved; an order cancelled for want of stock holds nothing.</summary>
    public async Task<EventStatus> OnAsync(OrderCancelled order, CancellationToken cancellationToken)
    {
        var reservation = await FindAsync(order.OrderId, cancellationToken);
        switch (reservation?.Status)
        {
            case ReservationStatus.Reserved:
                await GiveBackAsync(reservation, ReservationStatus.Reserved, ReservationStatus.Released, cancellationToken);
                return EventStatus.Success;
            case ReservationStatus.Released or ReservationStatus.Rejected:
                return EventStatus.Success;
            default:
                return Unexpected(OrderCancelled.Type, order.OrderId, reservation);
        }
    }

    private async Task<Reservation> DecideAsync(Reservation reservation, CancellationToken cancellationToken)
    {
        foreach (var line in reservation.Lines)
        {
            var taking = await TakeAsync(reservation.OrderId, line, cancellationToken);
            if (taking == Taking.Held)
                continue;

            // Settled: a duplicate has gone further than this one, and the step below does nothing but read what it decided.
            return await StepAsync(
                reservation.OrderId, ReservationStatus.Reserving, ReservationStatus.Rejecting, line.Sku, cancellationToken);
        }

        return await StepAsync(reservation.OrderId, ReservationStatus.Reserving, ReservationStatus.Reserved, null, cancellationToken);
    }

    private async Task<Taking> TakeAsync(string orderId, ReservationLine line, CancellationToken cancellationToken)
    {
        using var alone = await _products.AcquireAsync(line.Sku, cancellationToken);
        var (_, taking) = await dapr.UpdateAsync<Product, Taking>(
            Product.Key(line.Sku),

            // Orders refuses unknown products; one that has gone since is out of stock.
            product => product is null ? (null, Taking.Short) : product.Take(orderId, line.Quantity),
            cancellationToken);
        return taking;
    }

    private async Task<Reservation> GiveBackAsync(
        Reservation reservation, ReservationStatus from, ReservationStatus to, CancellationToken cancellationToken)
    {
        foreach (var line in reservation.Lines)
            await ChangeAsync(line.Sku, product => product.GiveBack(reservation.OrderId, clock.GetUtcNow()), cancellationToken);
        return await StepAsync(reservation.OrderId, from, to, null, cancellationToken);
    }

    private async Task ChangeAsync(string sku, Func<Product, Product> change, CancellationToken cancellationToken)
    {
        using var alone = await _products.AcquireAsync(sku, cancellationToken);
        await dapr.UpdateAsync<Product, bool>(
            Product.Key(sku), product => (product is null ? null : change(product), true), cancellationToken);
    }

    private async Task<Reservation> StepAsync(
        string orderId, ReservationStatus from, ReservationStatus to, string? shortOf, CancellationToken cancellationToken)
    {
        var (reservation, _) = await dapr.UpdateAsync<Reservation, bool>(
            Reservation.Key(orderId), current => (current?.Step(from, to, shortOf), true), cancellationToken);
        return reservation ?? throw new InvalidOperationException($"The reservation of order {orderId} has vanished.");
    }

    private Task PublishDecisionAsync(Reservation reservation, CancellationToken cancellationToken)
    {
        // Committed and Released were Reserved once, and that is what was told.
        if (reservation.Status != ReservationStatus.Rejected)
            return dapr.PublishAsync(new StockReserved(reservation.OrderId), cancellationToken);

        log.Rejected(reservation.OrderId, reservation.Short);
        return dapr.PublishAsync(new StockRejected(reservation.OrderId, reservation.Short ?? ""), cancellationToken);
    }

    private Task<Reservation?> FindAsync(string orderId, CancellationToken cancellationToken) =>
        dapr.GetStateAsync<Reservation?>(StateDocuments.Store, Reservation.Key(orderId), cancellationToken: cancellationToken);

    private EventStatus Unexpected(string type, string orderId, Reservation? reservation)
    {
        // Orders only ends an order after Inventory has decided about it, so the decision may be late to be seen but not absent.
        if (reservation?.Status is null or ReservationStatus.Reserving or ReservationStatus.Rejecting)
        {
            log.TooEarly(type, orderId);
            return EventStatus.Retry;
        }

        log.Contradiction(type, orderId, reservation.Status);
        return EventStatus.Success;
    }
}
