using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Inventory;

/// <summary>
/// Reserves, sells and gives back the stock of orders. Several products cannot be written at once, so each is taken by itself; the
/// reservation document says what they add up to. Every step can be repeated, by the same handler after a crash or by a duplicate of
/// it at the same time.
/// </summary>
internal sealed class Reservations(DaprClient dapr, ProductWriter products, TimeProvider clock, ILogger<Reservations> log)
{
    /// <summary>
    /// For how long a reservation that was read as undecided may be acted upon. By then its order may have been settled and,
    /// after <see cref="Product.Memory"/>, forgotten: a handler that was stopped in between, as its process or the whole machine
    /// was, must look again before it takes stock. Its own deadline is no protection, since it may wake before that timer does.
    /// </summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(10);

    /// <summary>Takes every line or none, and tells Orders which.</summary>
    public async Task<EventStatus> OnAsync(OrderSubmitted order, CancellationToken cancellationToken)
    {
        var asked = clock.GetUtcNow();
        var (reservation, _) = await dapr.InsertOrGetAsync(
            Reservation.Key(order.OrderId), Reservation.Of(order), cancellationToken: cancellationToken);

        if (reservation.Status == ReservationStatus.Reserving)
        {
            if (await DecideAsync(reservation, asked, cancellationToken) is not { } decided)
            {
                log.TooSlow(order.OrderId, Freshness.TotalSeconds);
                return EventStatus.Retry;
            }

            reservation = decided;
        }

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

    /// <param name="reservation">As it was read.</param>
    /// <param name="asked">A moment before it was read.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Null when that has been too long ago.</returns>
    private async Task<Reservation?> DecideAsync(Reservation reservation, DateTimeOffset asked, CancellationToken cancellationToken)
    {
        foreach (var line in reservation.Lines)
        {
            var taking = await TakeAsync(reservation.OrderId, line, asked, cancellationToken);
            if (taking == Taking.TooLate)
                return null;
            if (taking == Taking.Held)
                continue;

            // Settled: a duplicate has gone further than this one, and the step below does nothing but read what it decided.
            return await StepAsync(
                reservation.OrderId, ReservationStatus.Reserving, ReservationStatus.Rejecting, line.Sku, cancellationToken);
        }

        return await StepAsync(reservation.OrderId, ReservationStatus.Reserving, ReservationStatus.Reserved, null, cancellationToken);
    }

    private Task<Taking> TakeAsync(string orderId, ReservationLine line, DateTimeOffset asked, CancellationToken cancellationToken) =>
        products.ChangeAsync(
            line.Sku,
            product =>
            {
                // Looked at between reading the product and writing it under its ETag, so nothing can be forgotten in between.
                var age = clock.GetUtcNow() - asked;
                if (age < TimeSpan.Zero || age > Freshness)
                    return (product, Taking.TooLate);

                // Orders refuses unknown products; one that has gone since is out of stock.
                return product is null ? (null, Taking.Short) : product.Take(orderId, line.Quantity);
            },
            cancellationToken);

    private async Task<Reservation> GiveBackAsync(
        Reservation reservation, ReservationStatus from, ReservationStatus to, CancellationToken cancellationToken)
    {
        foreach (var line in reservation.Lines)
            await ChangeAsync(line.Sku, product => product.GiveBack(reservation.OrderId, clock.GetUtcNow()), cancellationToken);
        return await StepAsync(reservation.OrderId, from, to, null, cancellationToken);
    }

    private Task ChangeAsync(string sku, Func<Product, Product> change, CancellationToken cancellationToken) =>
        products.ChangeAsync(sku, product => (product is null ? null : change(product), default), cancellationToken);

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
