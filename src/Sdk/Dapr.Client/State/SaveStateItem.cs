namespace Dapr.Client;

/// <summary>One of several values to save.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value.</param>
/// <param name="etag">When not empty, this item is saved only over that version.</param>
/// <param name="stateOptions">Concurrency and consistency.</param>
/// <param name="metadata">Metadata of this item, such as <c>ttlInSeconds</c>.</param>
public readonly struct SaveStateItem<TValue>(string key, TValue value, string etag, StateOptions? stateOptions = null, IReadOnlyDictionary<string, string>? metadata = null)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value.</summary>
    public TValue Value { get; } = value;

    /// <summary>When not empty, this item is saved only over that version.</summary>
    public string ETag { get; } = etag;

    /// <summary>Concurrency and consistency.</summary>
    public StateOptions? StateOptions { get; } = stateOptions;

    /// <summary>Metadata of this item.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; } = metadata;
}
