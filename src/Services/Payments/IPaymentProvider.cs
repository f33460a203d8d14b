namespace Shop.Payments;

/// <summary>
/// The company that moves the money. Every call is idempotent by order: repeated, it does nothing more and answers the same.
/// </summary>
internal interface IPaymentProvider
{
    /// <summary>Asks to hold an amount (cents). May never answer.</summary>
    /// <returns>Whether the amount is held.</returns>
    Task<bool> AuthorizeAsync(string orderId, long amount, string paymentToken, CancellationToken cancellationToken);

    /// <summary>Charges what is held.</summary>
    Task CaptureAsync(string orderId, long amount, CancellationToken cancellationToken);

    /// <summary>Lets go of what is held, if anything is; an authorization that is still under way comes to nothing.</summary>
    Task VoidAsync(string orderId, CancellationToken cancellationToken);
}
