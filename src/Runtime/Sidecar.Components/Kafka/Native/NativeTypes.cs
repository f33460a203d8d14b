using System.Runtime.InteropServices;

namespace Sidecar.Components.Kafka.Native;

/// <summary><c>rd_kafka_message_t</c>. With an error, the payload is its text.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    public int Error;
    public nint Topic;
    public int Partition;
    public byte* Payload;
    public nuint Length;
    public byte* Key;
    public nuint KeyLength;
    public long Offset;

    /// <summary>In a delivery report: what the message was produced with.</summary>
    public nint Opaque;
}

/// <summary><c>rd_kafka_topic_partition_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePartition
{
    public byte* Topic;
    public int Partition;
    public long Offset;
    public nint Metadata;
    public nuint MetadataSize;
    public nint Opaque;
    public int Error;
    public nint Private;
}

/// <summary><c>rd_kafka_topic_partition_list_t</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativePartitions
{
    public int Count;
    public int Capacity;
    public NativePartition* Elements;
}

/// <summary><c>rd_kafka_vu_t</c>: a tag, and a union that is 64 bytes wide.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal unsafe struct NativeArgument
{
    private const int TopicTag = 1;
    private const int PartitionTag = 3;
    private const int ValueTag = 4;
    private const int KeyTag = 5;
    private const int OpaqueTag = 6;
    private const int FlagsTag = 7;
    private const int HeadersTag = 10;

    /// <summary>The value is copied; the key always is.</summary>
    private const int CopyFlag = 2;

    [FieldOffset(0)]
    private int _tag;

    [FieldOffset(8)]
    private nint _pointer;

    [FieldOffset(8)]
    private int _number;

    [FieldOffset(16)]
    private nint _second;

    public static NativeArgument OfTopic(byte* name) => new() { _tag = TopicTag, _pointer = (nint)name };

    public static NativeArgument OfPartition(int partition) => new() { _tag = PartitionTag, _number = partition };

    public static NativeArgument OfValue(byte* value, int size) => new() { _tag = ValueTag, _pointer = (nint)value, _second = size };

    public static NativeArgument OfKey(byte* key, int size) => new() { _tag = KeyTag, _pointer = (nint)key, _second = size };

    public static NativeArgument OfOpaque(nint opaque) => new() { _tag = OpaqueTag, _pointer = opaque };

    public static NativeArgument OfCopy() => new() { _tag = FlagsTag, _number = CopyFlag };

    /// <summary>The client takes over the list, unless it refuses the message.</summary>
    public static NativeArgument OfHeaders(nint list) => new() { _tag = HeadersTag, _pointer = list };
}

/// <summary>Codes of <c>rd_kafka_resp_err_t</c>: below zero the library's own, above zero the broker's.</summary>
internal static class KafkaCode
{
    public const int Destroyed = -197;
    public const int Transport = -195;
    public const int MessageTimedOut = -192;
    public const int PartitionEnd = -191;
    public const int UnknownPartition = -190;
    public const int UnknownTopic = -188;
    public const int AllBrokersDown = -187;
    public const int TimedOut = -185;
    public const int QueueFull = -184;
    public const int Ssl = -181;
    public const int AssignPartitions = -175;
    public const int Authentication = -169;
    public const int Fatal = -150;
    public const int MaxPollExceeded = -147;
    public const int None = 0;
    public const int UnknownTopicOrPartition = 3;
    public const int MessageTooLarge = 10;
    public const int TopicAuthorizationFailed = 29;
    public const int GroupAuthorizationFailed = 30;
    public const int SaslAuthenticationFailed = 58;
}
