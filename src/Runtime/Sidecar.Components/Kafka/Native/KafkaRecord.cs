using System.Buffers;
using System.Text;

namespace Sidecar.Components.Kafka.Native;

/// <summary>A message to produce: its texts, one after the other in one buffer, and where each begins.</summary>
internal sealed unsafe class KafkaRecord
{
    private const int MostArguments = 7;

    private readonly ArrayBufferWriter<byte> _texts = new();
    private readonly List<(int Name, int NameSize, int Value, int ValueSize)> _headers = [];
    private readonly int _topic;
    private int _key;
    private int _keySize = -1;

    public KafkaRecord(string topic) => _topic = AddText(topic).Start;

    /// <summary>Null = a record without a value.</summary>
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
        var (nameStart, nameSize) = AddText(name);
        var (valueStart, valueSize) = AddText(value);
        _headers.Add((nameStart, nameSize, valueStart, valueSize));
    }

    /// <summary>Hands it to the client, which copies all of it. Zero, or why it was not taken.</summary>
    public int Produce(KafkaHandle client, nint opaque)
    {
        var arguments = stackalloc NativeArgument[MostArguments];

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

            // As a list of ours: headers that it makes itself, librdkafka 2.0 frees twice when it refuses the message for its partition.
            var headers = HeadersOf(texts);
            if (headers != 0)
                arguments[count++] = NativeArgument.OfHeaders(headers);
            var code = Librdkafka.CodeOf(Librdkafka.Produce(client, arguments, (nuint)count));
            if (code != KafkaCode.None && headers != 0)
                Librdkafka.HeadersDestroy(headers);
            return code;
        }
    }

    private nint HeadersOf(byte* texts)
    {
        if (_headers.Count == 0)
            return 0;
        var list = Librdkafka.HeadersNew((nuint)_headers.Count);
        foreach (var (name, nameSize, value, valueSize) in _headers)
            Librdkafka.HeaderAdd(list, texts + name, nameSize, texts + value, valueSize);
        return list;
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
