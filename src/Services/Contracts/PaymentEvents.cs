namespace Shop.Contracts;

/// <param name="Amount">Cents.</param>
public sealed record PaymentRequested(string OrderId, long Amount, string PaymentToken) : IShopEvent
{
    public static string Topic => Topics.Payments;

    public static string Type => "payment.requested";
}

/// <param name="Amount">Cents that the provider holds for the order until they are captured or voided.</param>
public sealed record PaymentAuthorized(string OrderId, long Amount) : IShopEvent
{
    public static string Topic => Topics.Payments;

    public static string Type => "payment.authorized";
}

/// <param name="Reason"><see cref="CancelReason.PaymentDeclined"/>, or <see cref="CancelReason.PaymentTimeout"/> when the provider did not answer.</param>
public sealed record PaymentDeclined(string OrderId, CancelReason Reason) : IShopEvent
{
    public static string Topic => Topics.Payments;

    public static string Type => "payment.declined";
}
