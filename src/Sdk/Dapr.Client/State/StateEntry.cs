using Dapr.Client;

namespace Dapr;

/// <summary>A value of a state store, together with what is needed to write it back.</summary>
/// <param name="client">The client that read it, and writes it.</param>
/// <param name="storeName">The state store's component name.</param>
/// <param name="key">The key.</param>
/// <param name="value">The value, <c>default</c> when nothing is stored.</param>
/// <param name="etag">The version read, empty when nothing is stored.</param>
public sealed class StateEntry<TValue>(DaprClient client, string storeName, string key, TValue value, string etag)
{
    private readonly DaprClient _client = client ?? throw new ArgumentNullException(nameof(client));

    /// <summary>The state store's component name.</summary>
    public string StoreName { get; } = NotEmpty(storeName, nameof(storeName));

    /// <summary>The key.</summary>
    public string Key { get; } = NotEmpty(key, nameof(key));

    /// <summary>The value; assigning it writes nothing yet.</summary>
    public TValue Value { get; set; } = value;

    /// <summary>The version that was read.</summary>
    public string ETag { get; } = etag;

    /// <summary>Removes the key, whatever its version.</summary>
    public Task DeleteAsync(StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _client.DeleteStateAsync(StoreName, Key, stateOptions, metadata, cancellationToken);

    /// <summary>Writes the value, whatever the stored version.</summary>
    public Task SaveAsync(StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _client.SaveStateAsync(StoreName, Key, Value, stateOptions, metadata, cancellationToken);

    /// <summary>Writes the value if the stored version is still the one read; false if it is not.</summary>
    public Task<bool> TrySaveAsync(StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _client.TrySaveStateAsync(StoreName, Key, Value, ETag, stateOptions, metadata, cancellationToken);

    /// <summary>Removes the key if the stored version is still the one read; false if it is not.</summary>
    public Task<bool> TryDeleteAsync(StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default) =>
        _client.TryDeleteStateAsync(StoreName, Key, ETag, stateOptions, metadata, cancellationToken);

    private static string NotEmpty(string text, string parameter)
    {
        ArgumentException.ThrowIfNullOrEmpty(text, parameter);
        return text;
    }
}
