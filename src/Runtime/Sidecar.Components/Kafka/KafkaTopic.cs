namespace Sidecar.Components.Kafka;

/// <summary>
/// The subscriptions of a topic in this component, which share its partitions: each partition belongs to one of them, so
/// that its order holds.
/// </summary>
internal sealed class KafkaTopic(string name)
{
    private readonly Lock _lock = new();
    private IReadOnlyList<KafkaSubscription> _subscriptions = [];
    private TaskCompletionSource _changed = NewSignal();

    public string Name => name;

    public bool IsEmpty => Volatile.Read(ref _subscriptions).Count == 0;

    /// <summary>Messages of a partition that may be handled at once.</summary>
    public int WindowOf(int partition) => Choose(partition)?.Window ?? 1;

    /// <summary>Completes when a subscription comes or goes after this was asked for.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>Whose handler gets the messages of the partition; null = there is none now.</summary>
    public KafkaSubscription? Choose(int partition)
    {
        var subscriptions = Volatile.Read(ref _subscriptions);
        return subscriptions.Count == 0 ? null : subscriptions[partition % subscriptions.Count];
    }

    public void Add(KafkaSubscription subscription) => Change([.. _subscriptions, subscription]);

    public void Remove(KafkaSubscription subscription) => Change([.. _subscriptions.Where(other => other != subscription)]);

    private void Change(IReadOnlyList<KafkaSubscription> subscriptions)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            Volatile.Write(ref _subscriptions, subscriptions);
            (changed, _changed) = (_changed, NewSignal());
        }

        changed.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
