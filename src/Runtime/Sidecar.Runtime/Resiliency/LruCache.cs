namespace Sidecar.Runtime.Resiliency;

/// <summary>Values by name, each made when it is first asked for. Those that were not used for longest make room for new ones.</summary>
internal sealed class LruCache<T>(int capacity, Func<string, T> create)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LinkedListNode<KeyValuePair<string, T>>> _byName = new(StringComparer.Ordinal);

    // The latest used first.
    private readonly LinkedList<KeyValuePair<string, T>> _byUse = new();

    public T For(string name)
    {
        lock (_lock)
        {
            if (_byName.TryGetValue(name, out var node))
            {
                if (!ReferenceEquals(_byUse.First, node))
                {
                    _byUse.Remove(node);
                    _byUse.AddFirst(node);
                }

                return node.Value.Value;
            }

            if (_byUse.Last is { } oldest && _byUse.Count >= capacity)
            {
                _byUse.RemoveLast();
                _byName.Remove(oldest.Value.Key);
            }

            var value = create(name);
            _byName[name] = _byUse.AddFirst(KeyValuePair.Create(name, value));
            return value;
        }
    }

    /// <summary>A copy, the latest used first.</summary>
    public IReadOnlyList<KeyValuePair<string, T>> All()
    {
        lock (_lock)
            return [.. _byUse];
    }
}
