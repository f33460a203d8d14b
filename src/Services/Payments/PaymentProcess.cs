using Dapr.Client;
using Shop.Contracts;
using Shop.ServiceDefaults;

namespace Shop.Payments;

/// <summary>
/// Decides about payments once, and carries the decision out. The decision is durable before anything is done or told on account of
/// it: a duplicate that came to another answer follows the one that stands.
/// </summary>
internal sealed class PaymentProcess(
    DaprClient dapr, IPaymentProvider provider, PaymentOptions options, TimeProvider clock, ILogger<PaymentProcess> log)
{
    public async Task<EventStatus> OnAsync(PaymentRequested request, CancellationToken cancellationToken)
    {
        var payment = await FindAsync(request.OrderId, cancellationToken);
        if (payment is null)
        {
            var decided = Payment.Decide(request, await AskProviderAsync(request, cancellationToken));
            (payment, _) = await dapr.InsertOrGetAsync(Payment.Key(request.OrderId), decided, cancellationToken: cancellationToken);
        }

        // A silent provider may hold the amount all the same. Asked only once the decision stands, and again with each redelivery.
        if (payment.Reason == CancelReason.PaymentTimeout)
            await provider.VoidAsync(request.OrderId, cancellationToken);

        await PublishDecisionAsync(payment, cancellationToken);
        return EventStatus.Success;
    }

    /// <summary>Captures. The provider first: it is idempotent, and a document that says Captured must be true.</summary>
    public async Task<EventStatus> OnAsync(OrderConfirmed order, CancellationToken cancellationToken)
    {
        var payment = await FindAsync(order.OrderId, cancellationToken);
        switch (payment?.Status)
        {
            case PaymentStatus.Authorized:
                await provider.CaptureAsync(payment.OrderId, payment.Amount, cancellationToken);
                await StepAsync(payment.OrderId, current => current.Capture(), cancellationToken);
                return EventStatus.Success;
            case PaymentStatus.Captured:
                return EventStatus.Success;
            default:
                return Unexpected(OrderConfirmed.Type, order.OrderId, payment);
        }
    }

    /// <summary>Voids. An order that was refused for want of stock, or whose payment was declined, holds no money.</summary>
    public async Task<EventStatus> OnAsync(OrderCancelled order, CancellationToken cancellationToken)
    {
        var payment = await FindAsync(order.OrderId, cancellationToken);
        switch (payment?.Status)
        {
            case PaymentStatus.Authorized:
                await provider.VoidAsync(payment.OrderId, cancellationToken);
                await StepAsync(payment.OrderId, current => current.Void(), cancellationToken);
                return EventStatus.Success;
            case PaymentStatus.Captured:
                return Unexpected(OrderCancelled.Type, order.OrderId, payment);
            default:
                return EventStatus.Success;
        }
    }

    /// <returns>Null when the provider did not answer in time.</returns>
    private async Task<bool?> AskProviderAsync(PaymentRequested request, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.ProviderTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            return await provider.AuthorizeAsync(request.OrderId, request.Amount, request.PaymentToken, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            log.ProviderSilent(request.OrderId, options.ProviderTimeout.TotalSeconds);
            return null;
        }
    }

    private Task PublishDecisionAsync(Payment payment, CancellationToken cancellationToken)
    {
        // Captured and Voided were Authorized once, and that is what was told.
        if (payment.Status != PaymentStatus.Declined)
            return dapr.PublishAsync(new PaymentAuthorized(payment.OrderId, payment.Amount), cancellationToken);

        var reason = payment.Reason ?? CancelReason.PaymentDeclined;
        log.Declined(payment.OrderId, reason);
        return dapr.PublishAsync(new PaymentDeclined(payment.OrderId, reason), cancellationToken);
    }

    private Task StepAsync(string orderId, Func<Payment, Payment> step, CancellationToken cancellationToken) =>
        dapr.UpdateAsync<Payment, bool>(
            Payment.Key(orderId), payment => (payment is null ? null : step(payment), true), cancellationToken);

    private Task<Payment?> FindAsync(string orderId, CancellationToken cancellationToken) =>
        dapr.GetStateAsync<Payment?>(StateDocuments.Store, Payment.Key(orderId), cancellationToken: cancellationToken);

    private EventStatus Unexpected(string type, string orderId, Payment? payment)
    {
        // Orders confirms on nothing but the decision stored here, so a missing document can only be late to be seen.
        if (payment is null)
        {
            log.TooEarly(type, orderId);
            return EventStatus.Retry;
        }

        log.Contradiction(type, orderId, payment.Status);
        return EventStatus.Success;
    }
}
