using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Sidecar.Components.Kafka.Native;
using Sidecar.Components.PubSub;

namespace Sidecar.Components.Kafka;

/// <summary>Limits that a producer names when a message does not fit or does not get through.</summary>
internal readonly record struct ProducerLimits(TimeSpan Publish, int MessageBytes);

/// <summary>
/// One producer of librdkafka. A message is published when its delivery report says that the broker has it; reports come on
/// the producer's own thread.
/// </summary>
internal sealed class KafkaProducer : IKafkaEvents, IAsyncDisposable
{
    private const int PollMilliseconds = 100;
    private const int FlushMilliseconds = 5000;

    /// <summary>Messages that wait, and those on their way.</summary>
    private const int PurgeAll = 3;

    private readonly KafkaErrors _errors;
    private readonly KafkaHeaders _headers;
    private readonly ProducerLimits _limits;
    private readonly KafkaTokens? _tokens;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KafkaClient _client;
    private readonly KafkaThread _polling;
    private TaskCompletionSource _room = NewSignal();
    private volatile bool _stopping;

    /// <exception cref="ComponentException">A setting is refused.</exception>
    public KafkaProducer(
        IReadOnlyList<KafkaSetting> settings, KafkaHeaders headers, ProducerLimits limits, KafkaTokens? tokens, TimeProvider time, ILogger logger)
    {
        (_headers, _limits, _tokens, _time, _logger) = (headers, limits, tokens, time, logger);
        _errors = new KafkaErrors(logger);
        _client = new KafkaClient(KafkaClientKind.Producer, settings, this);
        _polling = KafkaThread.Start("kafka producer", Poll);
    }

    /// <summary>Why it can publish nothing any more; null = it can.</summary>
    public string? Fatal => _errors.Fatal;

    /// <summary>Waits until a broker answers.</summary>
    /// <exception cref="ComponentException">It refuses the credentials, or the token ended first.</exception>
    public async Task ConnectAsync(string brokers, CancellationToken cancellationToken)
    {
        for (var isFirst = true; ; isFirst = false)
        {
            if (await KafkaThread.RunAsync("kafka connect", () => IsAnswered(isFirst ? 1000 : 250)).ConfigureAwait(false))
                return;
            if (_errors.Refusal is { } refusal)
                throw KafkaFault.Refused(refusal);
            if (cancellationToken.IsCancellationRequested)
                throw KafkaFault.NoBroker(brokers, _errors.Last);
            if (isFirst)
                KafkaLog.WaitingForBroker(_logger, brokers);
        }
    }

    /// <exception cref="ComponentException">No broker has the message, as far as is known.</exception>
    public async ValueTask PublishAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var report = await EnqueueAsync(message, cancellationToken).ConfigureAwait(false);
        var code = await report.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (code != KafkaCode.None)
            throw NotPublished(code, message);
    }

    /// <summary>Puts it behind those that were enqueued before, waiting for room where there is none. The code of the report, zero = the broker has it.</summary>
    /// <exception cref="ComponentException">It cannot be published.</exception>
    public async ValueTask<Task<int>> EnqueueAsync(PubSubMessage message, CancellationToken cancellationToken)
    {
        var record = RecordOf(message);
        var started = _time.GetTimestamp();
        while (true)
        {
            var room = Volatile.Read(ref _room).Task;
            var (code, report) = TryEnqueue(record);
            if (code == KafkaCode.None)
                return report;
            var left = _limits.Publish - _time.GetElapsedTime(started);
            if (code != KafkaCode.QueueFull || left <= TimeSpan.Zero)
                throw NotPublished(code, message);
            try
            {
                await room.WaitAsync(left, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (TimeoutException)
            {
                throw NotPublished(code, message);
            }
        }
    }

    public ComponentException NotPublished(int code, PubSubMessage message) => KafkaFault.NotPublished(
        code, message.Topic, message.Metadata.GetValueOrDefault("partitionNumber"), _limits.Publish, _limits.MessageBytes, _errors.Last);

    public void OnLog(int level, string text) => _errors.Log(level, text);

    public void OnError(int code, string reason) => _errors.Add(code, reason);

    public void OnDelivered(nint opaque, int code)
    {
        var handle = GCHandle.FromIntPtr(opaque);
        var report = (TaskCompletionSource<int>)handle.Target!;
        handle.Free();
        report.TrySetResult(code);
        Interlocked.Exchange(ref _room, NewSignal()).TrySetResult();
    }

    public unsafe void OnRebalance(bool isAssignment, NativePartitions* partitions)
    {
    }

    public void OnTokenWanted() => _tokens?.Refresh(_client.Handle);

    /// <summary>Gives what waits a last time to get out, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stopping)
            return;
        _stopping = true;
        await _polling.Ended.ConfigureAwait(false);
        await KafkaThread.RunAsync("kafka end", () =>
        {
            // Reports are called back in here.
            if (Librdkafka.Flush(_client.Handle, _errors.Fatal is null ? FlushMilliseconds : 0) != KafkaCode.None)
                KafkaLog.NotFlushed(_logger, Librdkafka.QueueLength(_client.Handle));
            Librdkafka.Purge(_client.Handle, PurgeAll);
            Librdkafka.Flush(_client.Handle, FlushMilliseconds);
            _client.Dispose();
            return true;
        }).ConfigureAwait(false);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Poll()
    {
        while (!_stopping)
            Librdkafka.Poll(_client.Handle, PollMilliseconds);
    }

    private bool IsAnswered(int milliseconds)
    {
        if (Librdkafka.Metadata(_client.Handle, 0, 0, out var metadata, milliseconds) != KafkaCode.None)
            return false;
        Librdkafka.MetadataDestroy(metadata);
        return true;
    }

    private KafkaRecord RecordOf(PubSubMessage message)
    {
        KafkaFault.CheckTopic(message.Topic);
        KafkaFault.CheckSchema(message.Metadata);
        var record = new KafkaRecord(message.Topic)
        {
            // JSON's null stands for a record without a value, which a compacted topic takes as a deletion.
            Value = message.Data.Span.SequenceEqual("null"u8) ? (ReadOnlyMemory<byte>?)null : message.Data,
            Key = KafkaHeaders.KeyOf(message.Metadata),
            Partition = KafkaHeaders.PartitionOf(message.Metadata),
        };
        foreach (var (name, value) in message.Metadata)
        {
            if (_headers.Includes(name))
                record.AddHeader(name, value);
        }

        return record;
    }

    private (int Code, Task<int> Report) TryEnqueue(KafkaRecord record)
    {
        var report = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var handle = GCHandle.Alloc(report);
        var code = record.Produce(_client.Handle, GCHandle.ToIntPtr(handle));
        if (code != KafkaCode.None)
            handle.Free();
        return (code, report.Task);
    }
}
