using Microsoft.Extensions.Logging;
using Sidecar.Components.Kafka.Native;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka;

/// <summary>
/// The one session of a component with its consumer group, for all its topics. A thread of its own polls it, joins the group
/// anew when a topic comes or goes, and hears of the partitions it is given; these work on the pool.
/// </summary>
internal sealed class KafkaConsumer : IKafkaEvents, IAsyncDisposable
{
    private const int PollMilliseconds = 100;

    /// <summary>On real time, as the library is: nobody waits for it longer.</summary>
    private static readonly TimeSpan LongestEnd = TimeSpan.FromSeconds(20);

    private readonly string _group;
    private readonly KafkaHandling _handling;
    private readonly KafkaTokens? _tokens;
    private readonly KafkaErrors _errors;
    private readonly KafkaClient _client;
    private readonly KafkaThread _polling;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, KafkaTopic> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<string> _joined = new(StringComparer.Ordinal);
    private TaskCompletionSource? _change;

    /// <summary>Of the polling thread alone.</summary>
    private readonly Dictionary<(string Topic, int Number), KafkaPartition> _partitions = [];

    /// <summary>
    /// How far partitions were handled that were given back last. A broker may refuse the commit while the group forms anew;
    /// who gets the partition again at once need not handle twice what it knows.
    /// </summary>
    private readonly Dictionary<(string Topic, int Number), long> _handled = [];
    private volatile bool _stopping;
    private volatile bool _leaves = true;

    /// <exception cref="ComponentException">A setting is refused.</exception>
    public KafkaConsumer(string group, IReadOnlyList<KafkaSetting> settings, KafkaHandling handling, KafkaTokens? tokens)
    {
        (_group, _handling, _tokens) = (group, handling, tokens);
        _errors = new KafkaErrors(handling.Logger);
        _client = new KafkaClient(KafkaClientKind.Consumer, settings, this);
        Librdkafka.PollSetConsumer(_client.Handle);
        _polling = KafkaThread.Start("kafka consumer", Poll);
    }

    /// <summary>The topic joins the group's session, if it has not; its messages go to the handler as soon as partitions are assigned.</summary>
    public KafkaSubscription Subscribe(PubSubSubscription wanted, PubSubHandler handler)
    {
        lock (_lock)
        {
            if (!_topics.TryGetValue(wanted.Topic, out var topic))
                _topics[wanted.Topic] = topic = new KafkaTopic(wanted.Topic);
            if (topic.IsEmpty)
                _change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var subscription = new KafkaSubscription(topic, wanted, handler, _handling.Drain, LeaveAsync);
            topic.Add(subscription);
            return subscription;
        }
    }

    public void OnLog(int level, string text) => _errors.Log(level, text);

    public void OnError(int code, string reason) => _errors.Add(code, reason);

    public void OnDelivered(nint opaque, int code)
    {
    }

    public void OnTokenWanted() => _tokens?.Refresh(_client.Handle);

    /// <summary>On the polling thread, within a poll or the end of the session.</summary>
    public unsafe void OnRebalance(bool isAssignment, NativePartitions* partitions)
    {
        var cooperative = Librdkafka.IsCooperative(_client.Handle);
        if (isAssignment)
            Assign(partitions, cooperative);
        else
            Revoke(partitions, cooperative);
    }

    /// <summary>Gives handlers time to end, commits, and leaves the group.</summary>
    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        try
        {
            await _polling.Ended.WaitAsync(LongestEnd, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            KafkaLog.SessionLeftBehind(_handling.Logger, _group);
        }
    }

    /// <summary>Ends as a killed process does: commits nothing, and does not tell the group. For tests.</summary>
    internal async Task AbandonAsync()
    {
        _leaves = false;
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>The last subscription of a topic has gone: completes when the group's session is without the topic.</summary>
    private async Task LeaveAsync(KafkaSubscription subscription)
    {
        Task left;
        lock (_lock)
        {
            if (_stopping || !subscription.Topic.IsEmpty || !_topics.ContainsKey(subscription.Topic.Name))
                return;
            _change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            left = _change.Task;
        }

        try
        {
            await left.WaitAsync(LongestEnd, TimeProvider.System).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            KafkaLog.SessionLeftBehind(_handling.Logger, _group);
        }
    }

    private void Poll()
    {
        try
        {
            while (!_stopping)
            {
                Join();
                PollOnce();
            }
        }
        finally
        {
            End();
        }
    }

    private unsafe void PollOnce()
    {
        var message = Librdkafka.ConsumerPoll(_client.Handle, PollMilliseconds);
        if (message == null)
            return;

        // Messages have queues of their own; what comes here is what the consumer has to say.
        if (message->Error is not (KafkaCode.None or KafkaCode.PartitionEnd))
            KafkaLog.ConsumerError(_handling.Logger, _group, KafkaPartitionQueue.Reason(message));
        Librdkafka.MessageDestroy(message);
    }

    /// <summary>Joins the group with the topics that there are now, if others were joined before.</summary>
    private void Join()
    {
        TaskCompletionSource? change;
        string[] topics;
        lock (_lock)
        {
            (change, _change) = (_change, null);
            if (change is null)
                return;
            foreach (var empty in _topics.Values.Where(static topic => topic.IsEmpty).ToArray())
                _topics.Remove(empty.Name);
            topics = [.. _topics.Keys];
        }

        if (!_joined.SetEquals(topics))
        {
            _joined.Clear();
            _joined.UnionWith(topics);
            var code = topics.Length == 0 ? Librdkafka.Unsubscribe(_client.Handle) : Subscribe(topics);
            if (code != KafkaCode.None)
                KafkaLog.ConsumerError(_handling.Logger, _group, Librdkafka.TextOf(code));
        }

        change.TrySetResult();
    }

    private unsafe int Subscribe(string[] topics)
    {
        var list = Librdkafka.PartitionsNew(topics.Length);
        foreach (var topic in topics)
            Librdkafka.PartitionsAdd(list, topic, -1);
        var code = Librdkafka.Subscribe(_client.Handle, list);
        Librdkafka.PartitionsDestroy(list);
        return code;
    }

    // The queues are there before anything is fetched; the work begins when the library knows the assignment.
    private unsafe void Assign(NativePartitions* partitions, bool cooperative)
    {
        List<KafkaPartition> added = [];
        foreach (var name in Names(partitions))
        {
            var (topicName, number) = name;
            KafkaTopic? topic;
            lock (_lock)
                _topics.TryGetValue(topicName, out topic);
            var partition = new KafkaPartition(
                _client.Handle, topic ?? new KafkaTopic(topicName), number, _handling, _handled.GetValueOrDefault(name), offset => Store(topicName, number, offset));
            _partitions[name] = partition;
            added.Add(partition);
        }

        _handled.Clear();
        if (cooperative)
            Librdkafka.CodeOf(Librdkafka.IncrementalAssign(_client.Handle, partitions));
        else
            Librdkafka.Assign(_client.Handle, partitions);
        foreach (var partition in added)
            partition.Start();
        KafkaLog.Assigned(_handling.Logger, _group, Text(Names(partitions)));
    }

    private unsafe void Revoke(NativePartitions* partitions, bool cooperative)
    {
        var names = Names(partitions);
        KafkaLog.Revoked(_handling.Logger, _group, Text(names));
        Stop(names);

        // What was stored is committed by this, before the group is joined again.
        if (cooperative)
            Librdkafka.CodeOf(Librdkafka.IncrementalUnassign(_client.Handle, partitions));
        else
            Librdkafka.Assign(_client.Handle, null);
    }

    private void Stop(List<(string Topic, int Number)> names)
    {
        List<(string, int)> known = [.. names.Where(_partitions.ContainsKey)];

        try
        {
            // The polling thread is ours to block, and the group waits for it; the library goes on telling that this member lives.
            Task.WhenAll(known.Select(name => _partitions[name].StopAsync())).GetAwaiter().GetResult();
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            // A callback of somebody's token, perhaps. Beyond here is the library, through which no exception may pass.
            KafkaLog.StopFailed(_handling.Logger, _group, failure);
        }

        foreach (var name in known)
        {
            if (_partitions.Remove(name, out var stopped) && stopped.Handled is { } offset)
                _handled[name] = offset;
        }
    }

    private void End()
    {
        if (_leaves)
            Librdkafka.ConsumerClose(_client.Handle);
        Stop([.. _partitions.Keys]);
        _client.Dispose();
        lock (_lock)
            _change?.TrySetResult();
    }

    private unsafe void Store(string topic, int partition, long offset)
    {
        var list = Librdkafka.PartitionsNew(1);
        Librdkafka.PartitionsAdd(list, topic, partition)->Offset = offset;

        // Refused where the partition is not ours any more, and then another has the message.
        Librdkafka.OffsetsStore(_client.Handle, list);
        Librdkafka.PartitionsDestroy(list);
    }

    private static unsafe List<(string Topic, int Number)> Names(NativePartitions* partitions)
    {
        List<(string, int)> names = [];
        for (var index = 0; index < partitions->Count; index++)
            names.Add((Librdkafka.Text(partitions->Elements[index].Topic), partitions->Elements[index].Partition));
        return names;
    }

    private static string Text(List<(string Topic, int Number)> names) => string.Join(", ", names.Select(static name => $"{name.Topic}/{name.Number}"));
}
