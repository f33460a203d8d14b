using System.Text.Json;

namespace Dapr.Client;

/// <summary>Several keys at once, and queries, over the sidecar's HTTP API.</summary>
internal sealed class BulkStateClient(SidecarConnection sidecar, StateClient state)
{
    // The HTTP API has no bulk delete; so many single ones are under way at a time.
    private const int DeletesAtOnce = 16;

    public async Task<IReadOnlyList<TItem>> GetAsync<TItem>(
        string storeName, IReadOnlyList<string> keys, int? parallelism, IReadOnlyDictionary<string, string>? metadata, Func<string, JsonElement, string, TItem> create, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentNullException.ThrowIfNull(keys);
        if (keys.Count == 0)
            throw new ArgumentException("A bulk get needs at least one key.", nameof(keys));

        var operation = $"Reading {keys.Count} keys of state store '{storeName}'";
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.Address(StateClient.Route).Segment(storeName).Segment("bulk").ToUri());
        request.Content = StateJson.BulkGet(keys, parallelism, metadata);
        using var response = await sidecar.SendAsync(request, operation, cancellationToken).ConfigureAwait(false);
        var items = await sidecar.ReadWireAsync<List<WireItem>>(response, operation, cancellationToken).ConfigureAwait(false) ?? [];

        // The official items have no place for an error, and a key that could not be read must not look like one that is not there.
        var failed = items.Where(item => item.Error is not null).ToList();
        if (failed.Count > 0)
            throw new DaprApiException($"{operation} failed at {string.Join(", ", failed.Select(item => $"'{item.Key}' ({item.Error})"))}.");
        return [.. items.Select(item => create(item.Key ?? "", item.Data, item.ETag ?? ""))];
    }

    public async Task SaveAsync<TValue>(string storeName, IReadOnlyList<SaveStateItem<TValue>> items, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0)
            throw new ArgumentException("A bulk save needs at least one item.", nameof(items));
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.Address(StateClient.Route).Segment(storeName).ToUri());
        request.Content = StateJson.Save(items, sidecar.Json);
        using var response = await sidecar.SendAsync(request, $"Saving {items.Count} items in state store '{storeName}'", cancellationToken).ConfigureAwait(false);
    }

    /// <summary>All are tried; the first failure is thrown afterwards.</summary>
    public async Task DeleteAsync(string storeName, IReadOnlyList<BulkDeleteStateItem> items, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0)
            throw new ArgumentException("A bulk delete needs at least one item.", nameof(items));
        DaprException? first = null;
        await Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = cancellationToken }, async (item, token) =>
        {
            try
            {
                if (!await state.DeleteAsync(storeName, item.Key, item.ETag, item.StateOptions, item.Metadata, token).ConfigureAwait(false))
                    throw new DaprApiException($"Deleting '{item.Key}' of state store '{storeName}' failed: it is not stored in version '{item.ETag}'.");
            }
            catch (DaprException failure)
            {
                Interlocked.CompareExchange(ref first, failure, null);
            }
        }).ConfigureAwait(false);
        if (first is not null)
            throw first;
    }

    public async Task<StateQueryResponse<TValue>> QueryAsync<TValue>(
        string storeName, string jsonQuery, IReadOnlyDictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(storeName);
        ArgumentException.ThrowIfNullOrEmpty(jsonQuery);
        var operation = $"Querying state store '{storeName}'";
        var address = sidecar.Address("/v1.0-alpha1/state").Segment(storeName).Segment("query").Metadata(metadata).ToUri();
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent(jsonQuery, System.Text.Encoding.UTF8, "application/json") };
        using var response = await sidecar.SendAsync(request, operation, cancellationToken).ConfigureAwait(false);
        var wire = await sidecar.ReadWireAsync<WireQuery>(response, operation, cancellationToken).ConfigureAwait(false);

        var found = new StateQueryResponse<TValue>(
            [.. (wire?.Results ?? []).Select(item => ToItem<TValue>(storeName, item))], wire?.Token ?? "", wire?.Metadata ?? []);
        var failed = found.Results.Where(item => item.Error.Length > 0).Select(item => item.Key).ToList();
        return failed.Count == 0
            ? found
            : throw new StateQueryException<TValue>($"{operation} found {failed.Count} items that could not be read: {string.Join(", ", failed)}.", found, failed);
    }

    private StateQueryItem<TValue> ToItem<TValue>(string storeName, WireItem item) => new(
        item.Key ?? "", item.Error is null ? StateJson.Read<TValue>(storeName, item.Key ?? "", item.Data, sidecar.Json)! : default!, item.ETag ?? "", item.Error ?? "");

    /// <param name="Data">Undefined when nothing is stored, which is not the same as a stored null.</param>
    private sealed record WireItem(string? Key, JsonElement Data, string? ETag, string? Error);

    private sealed record WireQuery(List<WireItem>? Results, string? Token, Dictionary<string, string>? Metadata);
}
