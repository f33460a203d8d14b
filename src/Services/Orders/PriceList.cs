using System.Text.Json;

namespace Shop.Orders;

/// <summary>Asks Inventory what the products cost now, by service invocation.</summary>
/// <param name="inventory">Reaches the app <c>inventory</c> through the sidecar.</param>
internal sealed class PriceList(HttpClient inventory, ILogger<PriceList> log)
{
    /// <returns>Cents by sku, of every product; null while Inventory cannot be asked.</returns>
    public async Task<IReadOnlyDictionary<string, long>?> GetAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await inventory.GetAsync("/prices", cancellationToken);
            if (response.IsSuccessStatusCode)
                return await response.Content.ReadFromJsonAsync<Dictionary<string, long>>(cancellationToken);
            log.NoPrices($"it answered {(int)response.StatusCode}");
        }
        catch (Exception failure) when (IsUnavailable(failure) && !cancellationToken.IsCancellationRequested)
        {
            log.NoPrices(failure.Message);
        }

        return null;
    }

    // A timeout of the client surfaces as a cancellation.
    private static bool IsUnavailable(Exception failure) =>
        failure is HttpRequestException or OperationCanceledException or JsonException;
}
