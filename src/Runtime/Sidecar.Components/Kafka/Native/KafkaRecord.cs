using System.Buffers;
using System.Text;

namespace Sidecar.Components.Kafka.Native;

/// <summary>A message to produce: its texts, one after the other in one buffer, and where each begins.</summary>
internal sealed unsafe class KafkaRecord
{
    private readonly ArrayBufferWriter<byte> _texts = new();
    private readonly List<(int Name, int Value, int ValueSize)> _headers = [];
    private readonly int _topic;
    private int _key;
    private int _keySize = -1;

    public KafkaRecord(string topic) => _topic = AddText(topic).Start;

    public ReadOnlyMemory<byte>? Value { get; init; }

    public int? Partition { get; init; }

    public string? Key
    {
        init
        {
            if (value is not null)
                (_key, _keySize) = AddText(value);
        }
    }

    public void AddHeader(string name, string value)
    {
        var start = AddText(name).Start;
        var (valueStart, valueSize) = AddText(value);
        _headers.Add((start, valueStart, valueSize));
    }

    /// <summary>Hands it to the client, which copies all of it. Zero, or why it was not taken.</summary>
    public int Produce(KafkaHandle client, nint opaque)
    {
        var arguments = stackalloc NativeArgument[6 + Math.Min(_headers.Count, 64)];
        if (_headers.Count > 64)
        {
            fixed (NativeArgument* many = new NativeArgument[6 + _headers.Count])
                return Produce(client, opaque, many);
        }

        return Produce(client, opaque, arguments);
    }

    private int Produce(KafkaHandle client, nint opaque, NativeArgument* arguments)
    {
        // An empty value is one, whereas none is a tombstone; so it must point somewhere.
        byte nothing = 0;
        fixed (byte* texts = _texts.WrittenSpan)
        fixed (byte* value = Value.GetValueOrDefault().Span)
        {
            var count = 0;
            arguments[count++] = NativeArgument.OfTopic(texts + _topic);
            arguments[count++] = NativeArgument.OfCopy();
            arguments[count++] = NativeArgument.OfOpaque(opaque);
            if (Value is { } present)
                arguments[count++] = NativeArgument.OfValue(value == null ? &nothing : value, present.Length);
            if (_keySize >= 0)
                arguments[count++] = NativeArgument.OfKey(texts + _key, _keySize);
            if (Partition is { } partition)
                arguments[count++] = NativeArgument.OfPartition(partition);
            foreach (var (name, start, size) in _headers)
                arguments[count++] = NativeArgument.OfHeader(texts + name, texts + start, size);
            return Librdkafka.CodeOf(Librdkafka.Produce(client, arguments, (nuint)count));
        }
    }

    // Names end with a zero, which does no harm behind the others.
    private (int Start, int Size) AddText(string text)
    {
        var start = _texts.WrittenCount;
        Encoding.UTF8.GetBytes(text, _texts);
        var size = _texts.WrittenCount - start;
        _texts.Write("\0"u8);
        return (start, size);
    }
}
