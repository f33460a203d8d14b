namespace Shop.Payments;

/// <summary>
/// A provider whose answer is written in the token: <c>tok_ok</c> is authorized, <c>tok_silent</c> is never answered, everything
/// else is declined. It moves no money and so has nothing to remember.
/// </summary>
internal sealed class SimulatedProvider(ILogger<SimulatedProvider> log) : IPaymentProvider
{
    public async Task<bool> AuthorizeAsync(string orderId, long amount, string paymentToken, CancellationToken cancellationToken)
    {
        if (paymentToken == "tok_silent")
        {
            var never = new TaskCompletionSource<bool>();
            return await never.Task.WaitAsync(cancellationToken);
        }

        return paymentToken == "tok_ok";
    }

    public Task CaptureAsync(string orderId, long amount, CancellationToken cancellationToken)
    {
        log.Captured(orderId, amount);
        return Task.CompletedTask;
    }

    public Task VoidAsync(string orderId, CancellationToken cancellationToken)
    {
        log.Voided(orderId);
        return Task.CompletedTask;
    }
}
