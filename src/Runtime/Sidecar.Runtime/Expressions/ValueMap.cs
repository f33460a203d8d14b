namespace Sidecar.Runtime.Expressions;

/// <summary>A map literal. Keys are text, booleans or integers; 1, 1u and 1.0 are the same key.</summary>
internal sealed class ValueMap
{
    private readonly Dictionary<object, object?> _entries = [];

    public IReadOnlyCollection<object> Keys => _entries.Keys;

    /// <summary>false when the key exists or cannot be one.</summary>
    public bool TryAdd(object? key, object? value) => key is not (null or double) && Normalize(key) is { } normal && _entries.TryAdd(normal, value);

    public bool TryGet(object? key, out object? value)
    {
        value = null;
        return Normalize(key) is { } normal && _entries.TryGetValue(normal, out value);
    }

    private static object? Normalize(object? key) => key switch
    {
        string or bool => key,
        ulong number => number <= long.MaxValue ? (long)number : number,
        _ => Numbers.AsInteger(key),
    };
}
