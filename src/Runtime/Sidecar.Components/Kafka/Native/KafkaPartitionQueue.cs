using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka.Native;

/// <summary>A message as it was fetched.</summary>
/// <param name="Error">What the library has to say in place of a message; null = it is one.</param>
internal readonly record struct FetchedMessage(PubSubMessage? Message, long Offset, string? Error);

/// <summary>
/// The messages of one assigned partition, in a queue of its own: what nobody takes stays with the library, which fetches no
/// more than its limit, so that a slow handler needs no pausing, and the poll of the consumer goes on.
/// </summary>
internal sealed unsafe class KafkaPartitionQueue : IDisposable
{
    private readonly KafkaQueue _queue;
    private readonly Action _onArrival;
    private readonly string _topic;
    private readonly int _partition;
    private readonly GCHandle _self;

    /// <summary>To be made before the partition is assigned: what is fetched then goes here.</summary>
    /// <param name="onArrival">Called on a thread of the library, which must not be kept, when the queue is empty no more.</param>
    public KafkaPartitionQueue(KafkaHandle client, string topic, int partition, Action onArrival)
    {
        (_topic, _partition, _onArrival) = (topic, partition, onArrival);
        _self = GCHandle.Alloc(this);
        _queue = Librdkafka.QueueOfPartition(client, topic, partition);
        Librdkafka.QueueForward(_queue, 0);
        Librdkafka.QueueOnEvent(_queue, &Arrived, GCHandle.ToIntPtr(_self));
    }

    /// <summary>Takes the next message, if one is there.</summary>
    public bool TryTake(KafkaHeaders headers, out FetchedMessage fetched)
    {
        fetched = default;
        var native = _queue.IsClosed ? null : Librdkafka.ConsumeQueue(_queue, 0);
        if (native == null)
            return false;
        try
        {
            fetched = native->Error == KafkaCode.None
                ? new FetchedMessage(Read(native, headers), native->Offset, null)
                : new FetchedMessage(null, native->Offset, Reason(native));
            return true;
        }
        finally
        {
            Librdkafka.MessageDestroy(native);
        }
    }

    /// <summary>What an error event says.</summary>
    public static string Reason(NativeMessage* message) =>
        message->Payload != null && message->Length > 0
            ? System.Text.Encoding.UTF8.GetString(message->Payload, (int)message->Length)
            : Librdkafka.TextOf(message->Error);

    public void Dispose()
    {
        if (_queue.IsClosed)
            return;

        // The library holds the queue's lock for this and for the callback, so that none is under way afterwards.
        Librdkafka.QueueOnEvent(_queue, null, 0);
        _queue.Dispose();
        _self.Free();
    }

    private PubSubMessage Read(NativeMessage* native, KafkaHeaders headers)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Librdkafka.MessageHeaders(native, out var list) == KafkaCode.None)
        {
            for (nuint index = 0; Librdkafka.HeaderAt(list, index, out var name, out var value, out var size) == KafkaCode.None; index++)
                headers.Add(metadata, Librdkafka.Text(name), new ReadOnlySpan<byte>(value, (int)size));
        }

        if (native->Key != null)
            metadata[KafkaHeaders.Key] = headers.Text(new ReadOnlySpan<byte>(native->Key, (int)native->KeyLength));
        metadata[KafkaHeaders.Topic] = _topic;
        metadata[KafkaHeaders.Partition] = KafkaHeaders.Number(_partition);
        metadata[KafkaHeaders.Offset] = KafkaHeaders.Number(native->Offset);
        metadata[KafkaHeaders.Timestamp] = KafkaHeaders.Number(Librdkafka.MessageTimestamp(native, out _));
        var data = native->Payload == null ? "null"u8 : new ReadOnlySpan<byte>(native->Payload, (int)native->Length);
        return new PubSubMessage(_topic, data.ToArray(), null, metadata);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Arrived(nint client, nint self) => ((KafkaPartitionQueue)GCHandle.FromIntPtr(self).Target!)._onArrival();
}
