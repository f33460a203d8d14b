namespace Dapr.Client;

/// <summary>One operation of a state transaction.</summary>
/// <param name="key">The key.</param>
/// <param name="value">The value as JSON text in UTF-8; null for a deletion.</param>
/// <param name="operationType">What to do with the key.</param>
/// <param name="etag">When given, the transaction fails unless the stored value has it.</param>
/// <param name="metadata">Metadata of this item, such as <c>ttlInSeconds</c> or <c>contentType</c>.</param>
/// <param name="options">Concurrency and consistency.</param>
public sealed class StateTransactionRequest(
    string key,
    byte[]? value,
    StateOperationType operationType,
    string? etag = null,
    IReadOnlyDictionary<string, string>? metadata = null,
    StateOptions? options = null)
{
    /// <summary>Concurrency and consistency of this item. A field, as in the official SDK.</summary>
    public StateOptions? Options = options;

    /// <summary>The key.</summary>
    public string Key { get; } = key ?? throw new ArgumentNullException(nameof(key));

    /// <summary>The value as JSON text in UTF-8.</summary>
    public byte[]? Value { get; set; } = value;

    /// <summary>What to do with the key.</summary>
    public StateOperationType? OperationType { get; set; } = operationType;

    /// <summary>When given, the transaction fails unless the stored value has it.</summary>
    public string? ETag { get; set; } = etag;

    /// <summary>Metadata of this item.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; set; } = metadata;
}
