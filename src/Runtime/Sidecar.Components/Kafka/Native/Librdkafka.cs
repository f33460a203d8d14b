using System.Runtime.InteropServices;

namespace Sidecar.Components.Kafka.Native;

/// <summary>The functions of librdkafka (2.0 and later) that are used here, under their own names without <c>rd_kafka_</c>.</summary>
internal static unsafe partial class Librdkafka
{
    private const string Library = KafkaLibrary.Name;

    // ---- configuration; the handle takes over what is passed to New

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
    public static partial nint ConfNew();

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_destroy")]
    public static partial void ConfDestroy(nint conf);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ConfSet(nint conf, string name, string value, byte* error, nuint errorSize);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_opaque")]
    public static partial void ConfSetOpaque(nint conf, nint opaque);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_log_cb")]
    public static partial void ConfSetLog(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, byte*, void> callback);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_error_cb")]
    public static partial void ConfSetError(nint conf, delegate* unmanaged[Cdecl]<nint, int, byte*, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_dr_msg_cb")]
    public static partial void ConfSetDelivery(nint conf, delegate* unmanaged[Cdecl]<nint, NativeMessage*, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_rebalance_cb")]
    public static partial void ConfSetRebalance(nint conf, delegate* unmanaged[Cdecl]<nint, int, NativePartitions*, nint, void> callback);

    [LibraryImport(Library, EntryPoint = "rd_kafka_conf_set_oauthbearer_token_refresh_cb")]
    public static partial void ConfSetTokenRefresh(nint conf, delegate* unmanaged[Cdecl]<nint, byte*, nint, void> callback);

    // ---- a client

    [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
    public static partial nint New(int type, nint conf, byte* error, nuint errorSize);

    [LibraryImport(Library, EntryPoint = "rd_kafka_destroy_flags")]
    public static partial void DestroyFlags(nint client, int flags);

    [LibraryImport(Library, EntryPoint = "rd_kafka_opaque")]
    [SuppressGCTransition]
    public static partial nint Opaque(nint client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_poll")]
    public static partial int Poll(KafkaHandle client, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_metadata")]
    public static partial int Metadata(KafkaHandle client, int allTopics, nint topic, out nint metadata, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_metadata_destroy")]
    public static partial void MetadataDestroy(nint metadata);

    [LibraryImport(Library, EntryPoint = "rd_kafka_err2str")]
    private static partial byte* ErrorToText(int code);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_code")]
    public static partial int ErrorCode(nint error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_destroy")]
    public static partial void ErrorDestroy(nint error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_oauthbearer_set_token", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetToken(
        KafkaHandle client, string token, long expiresUnixMilliseconds, string principal, byte** extensions, nuint extensionCount, byte* error, nuint errorSize);

    [LibraryImport(Library, EntryPoint = "rd_kafka_oauthbearer_set_token_failure", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int SetTokenFailure(KafkaHandle client, string reason);

    // ---- a producer

    [LibraryImport(Library, EntryPoint = "rd_kafka_produceva")]
    public static partial nint Produce(KafkaHandle client, NativeArgument* arguments, nuint count);

    [LibraryImport(Library, EntryPoint = "rd_kafka_headers_new")]
    public static partial nint HeadersNew(nuint capacity);

    [LibraryImport(Library, EntryPoint = "rd_kafka_header_add")]
    public static partial int HeaderAdd(nint headers, byte* name, nint nameSize, byte* value, nint valueSize);

    [LibraryImport(Library, EntryPoint = "rd_kafka_headers_destroy")]
    public static partial void HeadersDestroy(nint headers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_flush")]
    public static partial int Flush(KafkaHandle client, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_outq_len")]
    public static partial int QueueLength(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_purge")]
    public static partial int Purge(KafkaHandle client, int flags);

    // ---- a consumer of a group

    [LibraryImport(Library, EntryPoint = "rd_kafka_poll_set_consumer")]
    public static partial int PollSetConsumer(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_subscribe")]
    public static partial int Subscribe(KafkaHandle client, NativePartitions* topics);

    [LibraryImport(Library, EntryPoint = "rd_kafka_unsubscribe")]
    public static partial int Unsubscribe(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_poll")]
    public static partial NativeMessage* ConsumerPoll(KafkaHandle client, int milliseconds);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_close")]
    public static partial int ConsumerClose(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_rebalance_protocol")]
    private static partial byte* RebalanceProtocol(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_assignment_lost")]
    public static partial int AssignmentLost(KafkaHandle client);

    [LibraryImport(Library, EntryPoint = "rd_kafka_assign")]
    public static partial int Assign(KafkaHandle client, NativePartitions* partitions);

    [LibraryImport(Library, EntryPoint = "rd_kafka_incremental_assign")]
    public static partial nint IncrementalAssign(KafkaHandle client, NativePartitions* partitions);

    [LibraryImport(Library, EntryPoint = "rd_kafka_incremental_unassign")]
    public static partial nint IncrementalUnassign(KafkaHandle client, NativePartitions* partitions);

    [LibraryImport(Library, EntryPoint = "rd_kafka_offsets_store")]
    public static partial int OffsetsStore(KafkaHandle client, NativePartitions* offsets);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_new")]
    public static partial NativePartitions* PartitionsNew(int capacity);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_add", StringMarshalling = StringMarshalling.Utf8)]
    public static partial NativePartition* PartitionsAdd(NativePartitions* list, string topic, int partition);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_destroy")]
    public static partial void PartitionsDestroy(NativePartitions* list);

    // ---- the queue of one partition

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_get_partition", StringMarshalling = StringMarshalling.Utf8)]
    public static partial KafkaQueue QueueOfPartition(KafkaHandle client, string topic, int partition);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_destroy")]
    public static partial void QueueDestroy(nint queue);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_forward")]
    public static partial void QueueForward(KafkaQueue queue, nint destination);

    [LibraryImport(Library, EntryPoint = "rd_kafka_queue_cb_event_enable")]
    public static partial void QueueOnEvent(KafkaQueue queue, delegate* unmanaged[Cdecl]<nint, nint, void> callback, nint opaque);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consume_queue")]
    public static partial NativeMessage* ConsumeQueue(KafkaQueue queue, int milliseconds);

    // ---- a message

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_destroy")]
    public static partial void MessageDestroy(NativeMessage* message);

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_timestamp")]
    public static partial long MessageTimestamp(NativeMessage* message, out int type);

    [LibraryImport(Library, EntryPoint = "rd_kafka_message_headers")]
    public static partial int MessageHeaders(NativeMessage* message, out nint headers);

    [LibraryImport(Library, EntryPoint = "rd_kafka_header_get_all")]
    public static partial int HeaderAt(nint headers, nuint index, out byte* name, out byte* value, out nuint size);

    /// <summary>What librdkafka says of one of its codes.</summary>
    public static string TextOf(int code) => Text(ErrorToText(code));

    /// <summary>Partitions come and go one by one, rather than all at each change.</summary>
    public static bool IsCooperative(KafkaHandle client) => Text(RebalanceProtocol(client)) == "COOPERATIVE";

    /// <summary>Zero = done; the error object is freed.</summary>
    public static int CodeOf(nint error)
    {
        if (error == 0)
            return 0;
        var code = ErrorCode(error);
        ErrorDestroy(error);
        return code;
    }

    public static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";
}
