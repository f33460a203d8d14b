using System.Text.Json.Serialization;
using Shop.Contracts;

namespace Shop.Inventory;

[JsonConverter(typeof(JsonStringEnumConverter<ReservationStatus>))]
internal enum ReservationStatus
{
    /// <summary>Stock is being taken, product by product; nothing is decided.</summary>
    Reserving,

    /// <summary>Decided: every line is held.</summary>
    Reserved,

    /// <summary>The order was confirmed and its stock is sold.</summary>
    Committed,

    /// <summary>The order was cancelled and its stock given back.</summary>
    Released,

    /// <summary>Decided: a line was short. What was taken is being given back.</summary>
    Rejecting,

    /// <summary>All of it is given back.</summary>
    Rejected,
}

internal sealed record ReservationLine(string Sku, int Quantity);

/// <summary>
/// The document of what Inventory decided about one order, under the key <c>reservation-{orderId}</c>:
/// <code>
/// Reserving ──► Reserved ──► Committed | Released
///     └───────► Rejecting ─► Rejected
/// </code>
/// The step out of Reserving is the decision; duplicates of one handler may disagree until it is written, and follow it then.
/// </summary>
/// <param name="Short">The sku that was short, once the order is refused.</param>
internal sealed record Reservation(string OrderId, ReservationStatus Status, IReadOnlyList<ReservationLine> Lines, string? Short)
{
    public static string Key(string orderId) => $"reservation-{orderId}";

    public static Reservation Of(OrderSubmitted order) =>
        new(order.OrderId, ReservationStatus.Reserving, [.. order.Lines.Select(line => new ReservationLine(line.Sku, line.Quantity))], null);

    /// <summary>Takes a step if this is where it starts; the same instance otherwise.</summary>
    public Reservation Step(ReservationStatus from, ReservationStatus to, string? shortOf = null) =>
        Status == from ? this with { Status = to, Short = shortOf ?? Short } : this;
}
