using System.Net;

namespace Dapr.Client;

/// <summary>The state building block over the sidecar's HTTP API.</summary>
internal sealed class StateClient(SidecarConnection sidecar)
{
    public const string Route = "/v1.0/state";

    public async Task<(TValue Value, string ETag)> GetAsync<TValue>(
        string storeName, string key, ConsistencyMode? consistency, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var (response, etag) = await ReadAsync(storeName, key, consistency, metadata, cancellationToken).ConfigureAwait(false);
        using (response)
            return ((await sidecar.ReadAsync<TValue>(response, Reading(storeName, key), cancellationToken).ConfigureAwait(false))!, etag);
    }

    public async Task<(ReadOnlyMemory<byte> Value, string ETag)> GetBytesAsync(
        string storeName, string key, ConsistencyMode? consistency, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        var (response, etag) = await ReadAsync(storeName, key, consistency, metadata, cancellationToken).ConfigureAwait(false);
        using (response)
            return (ByteState.Decode(await response.Content.ReadAsByteArrayAsync(cancellationToken).ConfigureAwait(false)), etag);
    }

    private async Task<(HttpResponseMessage Response, string ETag)> ReadAsync(
        string storeName, string key, ConsistencyMode? consistency, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        Verify(storeName, key);
        var address = sidecar.Address(Route).Segment(storeName).Segment(key).Query("consistency", StateJson.Text(consistency)).Metadata(metadata).ToUri();
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        var response = await sidecar.SendAsync(request, Reading(storeName, key), cancellationToken).ConfigureAwait(false);

        // The sidecar sends ETags without quotes, which the typed header refuses to parse.
        return (response, response.Headers.NonValidated.TryGetValues("ETag", out var values) ? values.ToString() : "");
    }

    /// <summary>Saves one value. With an ETag, even an empty one, a conflict is answered with false; without, it throws.</summary>
    public async Task<bool> SaveAsync<TValue>(
        string storeName, string key, TValue value, string? etag, StateOptions? options, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        Verify(storeName, key);
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.Address(Route).Segment(storeName).ToUri());
        request.Content = StateJson.Save([new SaveStateItem<TValue>(key, value, etag ?? "", options, metadata)], sidecar.Json);
        return await SendConditionalAsync(request, etag, $"Saving '{key}' in state store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Removes one key. With an ETag, even an empty one, a conflict is answered with false; without, it throws.</summary>
    public async Task<bool> DeleteAsync(
        string storeName, string key, string? etag, StateOptions? options, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        Verify(storeName, key);
        var address = sidecar.Address(Route).Segment(storeName).Segment(key)
            .Query("concurrency", StateJson.Text(options?.Concurrency))
            .Query("consistency", StateJson.Text(options?.Consistency))
            .Metadata(metadata);
        using var request = new HttpRequestMessage(HttpMethod.Delete, address.ToUri());
        if (!string.IsNullOrEmpty(etag))
            request.Headers.TryAddWithoutValidation("If-Match", etag);
        return await SendConditionalAsync(request, etag, $"Deleting '{key}' of state store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    public async Task TransactAsync(
        string storeName, IReadOnlyList<StateTransactionRequest> operations, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentNullException.ThrowIfNull(operations);
        if (operations.Count == 0)
            throw new ArgumentException("A state transaction needs at least one operation.", nameof(operations));

        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.Address(Route).Segment(storeName).Segment("transaction").ToUri());
        request.Content = StateJson.Transaction(operations, metadata, sidecar.Json);
        using var response = await sidecar.SendAsync(request, $"The transaction of {operations.Count} operations in state store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> SendConditionalAsync(HttpRequestMessage request, string? etag, string operation, CancellationToken cancellationToken)
    {
        using var response = await sidecar.SendAnyAsync(request, operation, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return true;
        if (etag is not null && response.StatusCode == HttpStatusCode.Conflict)
            return false;
        throw await SidecarError.ReadAsync(response, operation, cancellationToken).ConfigureAwait(false);
    }

    private static string Reading(string storeName, string key) => $"Reading '{key}' of state store '{storeName}'";

    private static void Verify(string storeName, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentException.ThrowIfNullOrEmpty(key);
    }
}
