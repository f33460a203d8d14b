using System.Buffers;
using Google.Protobuf;

namespace Sidecar.Grpc;

/// <summary>How a message becomes bytes and back.</summary>
internal abstract class Marshaller<T>
{
    public abstract int SizeOf(T message);

    /// <summary>Writes exactly <see cref="SizeOf"/> bytes.</summary>
    public abstract void Write(T message, IBufferWriter<byte> output);

    /// <summary>The bytes are lent: what the message keeps is copied.</summary>
    /// <exception cref="InvalidProtocolBufferException">The bytes are no such message.</exception>
    public abstract T Read(in ReadOnlySequence<byte> bytes);
}

internal sealed class ProtobufMarshaller<T>(MessageParser<T> parser) : Marshaller<T>
    where T : class, IMessage<T>
{
    public override int SizeOf(T message) => message.CalculateSize();

    public override void Write(T message, IBufferWriter<byte> output) => message.WriteTo(output);

    public override T Read(in ReadOnlySequence<byte> bytes) => parser.ParseFrom(bytes);
}

/// <summary>Messages whose type is not known here: their bytes, owned by who reads them.</summary>
internal sealed class RawMarshaller : Marshaller<ReadOnlyMemory<byte>>
{
    public static readonly RawMarshaller Instance = new();

    public override int SizeOf(ReadOnlyMemory<byte> message) => message.Length;

    public override void Write(ReadOnlyMemory<byte> message, IBufferWriter<byte> output) => output.Write(message.Span);

    public override ReadOnlyMemory<byte> Read(in ReadOnlySequence<byte> bytes) => bytes.ToArray();
}
