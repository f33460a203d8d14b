namespace Dapr.Client;

/// <summary>What a state store holds under one of several keys, as JSON text.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value as JSON text; empty when nothing is stored.</param>
/// <param name="etag">The version; empty when nothing is stored.</param>
public readonly struct BulkStateItem(string key, string value, string etag)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value as JSON text; empty when nothing is stored.</summary>
    public string Value { get; } = value;

    /// <summary>The version; empty when nothing is stored.</summary>
    public string ETag { get; } = etag;
}

/// <summary>What a state store holds under one of several keys.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value; <c>default</c> when nothing is stored.</param>
/// <param name="etag">The version; empty when nothing is stored.</param>
public readonly struct BulkStateItem<TValue>(string key, TValue value, string etag)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value; <c>default</c> when nothing is stored.</summary>
    public TValue Value { get; } = value;

    /// <summary>The version; empty when nothing is stored.</summary>
    public string ETag { get; } = etag;
}
