using System.Runtime.InteropServices;

namespace Sidecar.Components.Kafka.Native;

/// <summary>A client of librdkafka (<c>rd_kafka_t</c>): a producer, or a consumer.</summary>
internal sealed class KafkaHandle : SafeHandle
{
    /// <summary>Neither leaves the group nor commits.</summary>
    private const int NoConsumerClose = 0x8;

    public KafkaHandle()
        : base(0, ownsHandle: true)
    {
    }

    public KafkaHandle(nint client)
        : this() => SetHandle(client);

    public override bool IsInvalid => handle == 0;

    // Who wants to leave the group has closed the consumer before, on the thread that polls it; here it would call back.
    protected override bool ReleaseHandle()
    {
        Librdkafka.DestroyFlags(handle, NoConsumerClose);
        return true;
    }
}

/// <summary>A reference to a queue of a client; to be disposed before the client.</summary>
internal sealed class KafkaQueue() : SafeHandle(0, ownsHandle: true)
{
    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        Librdkafka.QueueDestroy(handle);
        return true;
    }
}
