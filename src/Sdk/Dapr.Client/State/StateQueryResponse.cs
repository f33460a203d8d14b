namespace Dapr.Client;

/// <summary>What a query of a state store found.</summary>
/// <param name="results">The items found.</param>
/// <param name="token">Where the next page begins; empty on the last.</param>
/// <param name="metadata">Metadata of the store.</param>
public class StateQueryResponse<TValue>(IReadOnlyList<StateQueryItem<TValue>> results, string token, IReadOnlyDictionary<string, string> metadata)
{
    /// <summary>The items found.</summary>
    public IReadOnlyList<StateQueryItem<TValue>> Results { get; } = results;

    /// <summary>Where the next page begins; empty on the last.</summary>
    public string Token { get; } = token;

    /// <summary>Metadata of the store.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; } = metadata;
}

/// <summary>An item that a query found.</summary>
/// <param name="key">The key.</param>
/// <param name="data">The value.</param>
/// <param name="etag">The version.</param>
/// <param name="error">Why the value could not be read; empty if it could.</param>
public class StateQueryItem<TValue>(string key, TValue data, string etag, string error)
{
    /// <summary>The key.</summary>
    public string Key { get; } = key;

    /// <summary>The value.</summary>
    public TValue? Data { get; } = data;

    /// <summary>The version.</summary>
    public string ETag { get; } = etag;

    /// <summary>Why the value could not be read; empty if it could.</summary>
    public string Error { get; } = error;
}

/// <summary>A query found items of which some could not be read.</summary>
/// <param name="message">What happened.</param>
/// <param name="response">What was found; <see cref="StateQueryItem{TValue}.Error"/> tells the bad ones.</param>
/// <param name="failedKeys">The keys that could not be read.</param>
public class StateQueryException<TValue>(string message, StateQueryResponse<TValue> response, IReadOnlyList<string> failedKeys) : DaprApiException(message)
{
    /// <summary>What was found.</summary>
    public StateQueryResponse<TValue> Response { get; } = response;

    /// <summary>The keys that could not be read.</summary>
    public IReadOnlyList<string> FailedKeys { get; } = failedKeys;
}
