using System.Text.Json.Serialization;
using Shop.Contracts;

namespace Shop.Payments;

[JsonConverter(typeof(JsonStringEnumConverter<PaymentStatus>))]
internal enum PaymentStatus
{
    /// <summary>The provider holds the amount.</summary>
    Authorized,

    /// <summary>Refused, or the provider did not answer in time: nothing is held.</summary>
    Declined,

    /// <summary>The order was confirmed and the amount is charged.</summary>
    Captured,

    /// <summary>The order was cancelled and the amount is no longer held.</summary>
    Voided,
}

/// <summary>
/// The document of one payment, under the key <c>payment-{orderId}</c>; it exists from the decision on.
/// <code>
/// Authorized ──► Captured | Voided
/// Declined
/// </code>
/// </summary>
/// <param name="Amount">Cents.</param>
/// <param name="Reason">Why it was declined.</param>
internal sealed record Payment(string OrderId, long Amount, PaymentStatus Status, CancelReason? Reason)
{
    public static string Key(string orderId) => $"payment-{orderId}";

    /// <param name="approved">The provider's answer; null when there was none in time.</param>
    public static Payment Decide(PaymentRequested request, bool? approved) => approved switch
    {
        true => new Payment(request.OrderId, request.Amount, PaymentStatus.Authorized, null),
        false => new Payment(request.OrderId, request.Amount, PaymentStatus.Declined, CancelReason.PaymentDeclined),
        null => new Payment(request.OrderId, request.Amount, PaymentStatus.Declined, CancelReason.PaymentTimeout),
    };

    /// <summary>The same instance if it was captured before, or was never authorized.</summary>
    public Payment Capture() => Status == PaymentStatus.Authorized ? this with { Status = PaymentStatus.Captured } : this;

    /// <summary>The same instance if there is nothing to void.</summary>
    public Payment Void() => Status == PaymentStatus.Authorized ? this with { Status = PaymentStatus.Voided } : this;
}
