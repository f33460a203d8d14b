using Shop.Payments;

namespace Services.Tests.Fakes;

/// <summary>
/// The provider as the outside world sees it: it outlives the service, and remembers what it holds and what it charged.
/// A silent token holds the money all the same, which is the worst that a provider can do; a slow one is answered in time only when
/// asked again.
/// </summary>
internal sealed class RecordingProvider(TimeProvider? clock = null, Func<bool, Task>? around = null) : IPaymentProvider
{
    private readonly Dictionary<string, Account> _accounts = [];

    private readonly TimeProvider _clock = clock ?? TimeProvider.System;

    /// <summary>The same provider, seen from another process.</summary>
    public RecordingProvider(RecordingProvider other, TimeProvider clock, Func<bool, Task> around)
        : this(clock, around) => _accounts = other._accounts;

    public sealed class Account
    {
        public long Held { get; set; }

        public long Charged { get; set; }

        public bool IsVoided { get; set; }

        public int Voids { get; set; }

        public int Asked { get; set; }
    }

    public IReadOnlyDictionary<string, Account> Accounts => _accounts;

    public Account Of(string orderId) => _accounts.TryGetValue(orderId, out var account) ? account : _accounts[orderId] = new Account();

    public async Task<bool> AuthorizeAsync(string orderId, long amount, string paymentToken, CancellationToken cancellationToken)
    {
        await PassAsync(false);
        var account = Of(orderId);
        account.Asked++;
        var approved = paymentToken is "tok_ok" or "tok_silent" or "tok_slow" && !account.IsVoided;
        if (approved && account.Charged == 0)
            account.Held = amount;
        if (paymentToken == "tok_silent")
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        if (paymentToken == "tok_slow")
            await Task.Delay(TimeSpan.FromSeconds(account.Asked == 1 ? 8 : 1), _clock, cancellationToken);
        await PassAsync(true);
        return approved;
    }

    public async Task CaptureAsync(string orderId, long amount, CancellationToken cancellationToken)
    {
        await PassAsync(false);
        var account = Of(orderId);
        if (account.IsVoided || (account.Charged == 0 && account.Held != amount) || (account.Charged != 0 && account.Charged != amount))
            throw new InvalidOperationException($"Order {orderId} holds {account.Held} and is to be charged {amount}.");
        (account.Held, account.Charged) = (0, amount);
        await PassAsync(true);
    }

    public async Task VoidAsync(string orderId, CancellationToken cancellationToken)
    {
        await PassAsync(false);
        var account = Of(orderId);
        if (account.Charged != 0)
            throw new InvalidOperationException($"Order {orderId} was charged and is to be voided.");
        (account.Held, account.IsVoided) = (0, true);
        account.Voids++;
        await PassAsync(true);
    }

    private Task PassAsync(bool after) => around?.Invoke(after) ?? Task.CompletedTask;
}
