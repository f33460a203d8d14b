using System.Runtime.InteropServices;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>What the broker has of a group, asked by librdkafka without anything of ours.</summary>
internal static class RawKafka
{
    private const string Library = "librdkafka.so.1";
    private const int ErrorSize = 512;
    private const int Consumer = 1;
    private const int OffsetOfOffset = 16;

    /// <summary>The offset from which the group goes on; null = none was ever committed.</summary>
    public static long? Committed(string brokers, string group, string topic, int partition)
    {
        var error = Marshal.AllocHGlobal(ErrorSize);
        var conf = rd_kafka_conf_new();
        foreach (var (name, value) in new[] { ("bootstrap.servers", brokers), ("group.id", group) })
            Assert.Equal(0, rd_kafka_conf_set(conf, name, value, error, ErrorSize));
        var client = rd_kafka_new(Consumer, conf, error, ErrorSize);
        var list = rd_kafka_topic_partition_list_new(1);
        var entry = rd_kafka_topic_partition_list_add(list, topic, partition);
        var code = rd_kafka_committed(client, list, 5000);
        var offset = Marshal.ReadInt64(entry, OffsetOfOffset);
        rd_kafka_topic_partition_list_destroy(list);
        rd_kafka_destroy(client);
        Marshal.FreeHGlobal(error);
        Assert.Equal(0, code);
        return offset < 0 ? null : offset;
    }

#pragma warning disable IDE1006, CA2101, SYSLIB1054 // Names and forms of C.
    [DllImport(Library)]
    private static extern nint rd_kafka_conf_new();

    [DllImport(Library)]
    private static extern int rd_kafka_conf_set(nint conf, [MarshalAs(UnmanagedType.LPUTF8Str)] string name, [MarshalAs(UnmanagedType.LPUTF8Str)] string value, nint error, nint errorSize);

    [DllImport(Library)]
    private static extern nint rd_kafka_new(int type, nint conf, nint error, nint errorSize);

    [DllImport(Library)]
    private static extern nint rd_kafka_topic_partition_list_new(int size);

    [DllImport(Library)]
    private static extern nint rd_kafka_topic_partition_list_add(nint list, [MarshalAs(UnmanagedType.LPUTF8Str)] string topic, int partition);

    [DllImport(Library)]
    private static extern void rd_kafka_topic_partition_list_destroy(nint list);

    [DllImport(Library)]
    private static extern int rd_kafka_committed(nint client, nint partitions, int timeout);

    [DllImport(Library)]
    private static extern void rd_kafka_destroy(nint client);
#pragma warning restore IDE1006, CA2101, SYSLIB1054
}
