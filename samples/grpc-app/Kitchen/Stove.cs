using System.Collections.Concurrent;

namespace Kitchen;

/// <summary>What is cooked. A dish is known by the id of the event that ordered it, so that one delivered twice is cooked once.</summary>
internal sealed class Stove
{
    private readonly ConcurrentDictionary<string, string> _dishes = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _cleaned = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyCollection<string> Dishes => [.. _dishes.Values];

    /// <summary>Completes when it is cleaned for the first time.</summary>
    public Task Cleaned => _cleaned.Task;

    public void Cook(string eventId, string dish) => _dishes.TryAdd(eventId, dish);

    public void Clean() => _cleaned.TrySetResult();
}
