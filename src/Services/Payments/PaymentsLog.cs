using Shop.Contracts;

namespace Shop.Payments;

internal static partial class PaymentsLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "The payment of order {OrderId} is declined: {Reason}")]
    public static partial void Declined(this ILogger log, string orderId, CancelReason reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The provider did not answer about order {OrderId} within {Seconds} s")]
    public static partial void ProviderSilent(this ILogger log, string orderId, double seconds);

    [LoggerMessage(Level = LogLevel.Information, Message = "Captured {Amount} cents for order {OrderId}")]
    public static partial void Captured(this ILogger log, string orderId, long amount);

    [LoggerMessage(Level = LogLevel.Information, Message = "Voided what was held for order {OrderId}")]
    public static partial void Voided(this ILogger log, string orderId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Type} of order {OrderId} came before its payment was decided; it is to come again")]
    public static partial void TooEarly(this ILogger log, string type, string orderId);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Type} contradicts the payment of order {OrderId}, which is {Status}; the first decision stands")]
    public static partial void Contradiction(this ILogger log, string type, string orderId, PaymentStatus status);
}
