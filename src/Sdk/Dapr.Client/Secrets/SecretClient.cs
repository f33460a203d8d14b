namespace Dapr.Client;

/// <summary>The secrets building block over the sidecar's HTTP API.</summary>
internal sealed class SecretClient(SidecarConnection sidecar)
{
    public async Task<Dictionary<string, string>> GetAsync(
        string storeName, string key, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentException.ThrowIfNullOrEmpty(key);
        return await ReadAsync<Dictionary<string, string>>(storeName, key, metadata, $"Reading secret '{key}' of store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    public async Task<Dictionary<string, Dictionary<string, string>>> GetBulkAsync(
        string storeName, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        return await ReadAsync<Dictionary<string, Dictionary<string, string>>>(storeName, "bulk", metadata, $"Reading the secrets of store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> ReadAsync<T>(
        string storeName, string name, IReadOnlyDictionary<string, string>? metadata, string operation, CancellationToken cancellationToken)
        where T : new()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, sidecar.Address("/v1.0/secrets").Segment(storeName).Segment(name).Metadata(metadata).ToUri());
        using var response = await sidecar.SendAsync(request, operation, cancellationToken).ConfigureAwait(false);
        return await sidecar.ReadAsync<T>(response, operation, cancellationToken).ConfigureAwait(false) ?? new T();
    }
}
