namespace Dapr.Client;

/// <summary>One of several keys to remove.</summary>
/// <param name="key">The key.</param>
/// <param name="etag">When not empty, the key is removed only in that version.</param>
/// <param name="stateOptions">Concurrency and consistency.</param>
/// <param name="metadata">Metadata of this item.</param>
public readonly struct BulkDeleteStateItem(string key, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>When not empty, the key is removed only in that version.</summary>
    public string ETag { get; } = etag;

    /// <summary>Concurrency and consistency.</summary>
    public StateOptions? StateOptions { get; } = stateOptions;

    /// <summary>Metadata of this item.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}
