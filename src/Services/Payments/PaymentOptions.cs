using System.Globalization;

namespace Shop.Payments;

/// <param name="ProviderTimeout">How long the provider may think before its silence counts as a decline. Default: 5 s.</param>
internal sealed record PaymentOptions(TimeSpan ProviderTimeout)
{
    /// <summary>Shorter than the deadline of an event handler by far, so that the decision is always stored in time.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Reads <c>Payments:ProviderTimeout</c>, or <c>PAYMENT_PROVIDER_TIMEOUT</c> which wins: seconds (<c>0.5</c>) or
    /// <c>hh:mm:ss</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The value is neither, or not between 0 and 30 s.</exception>
    public static PaymentOptions Read(IConfiguration configuration)
    {
        var text = configuration["PAYMENT_PROVIDER_TIMEOUT"] ?? configuration["Payments:ProviderTimeout"] ?? "5";
        return TryParse(text, out var timeout) && timeout > TimeSpan.Zero && timeout <= Longest
            ? new PaymentOptions(timeout)
            : throw new InvalidOperationException(
                $"The payment provider's timeout is '{text}'; seconds (such as 0.5) or hh:mm:ss are expected, at most {Longest.TotalSeconds} s.");
    }

    private static bool TryParse(string text, out TimeSpan timeout)
    {
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 1e6)
        {
            timeout = TimeSpan.FromSeconds(seconds);
            return true;
        }

        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out timeout);
    }
}
