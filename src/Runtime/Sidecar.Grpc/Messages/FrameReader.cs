using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace Sidecar.Grpc;

/// <summary>Reads messages out of a body, one at a time. A length above the limit is refused before anything of it is kept.</summary>
internal sealed class FrameReader<T>(PipeReader input, Marshaller<T> marshaller, MessageEncoding encoding, int limit)
{
    /// <summary>The next message, or none at the end of the body.</summary>
    /// <exception cref="GrpcException">The body is no sequence of messages.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<Next> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await input.ReadAsync(cancellationToken).ConfigureAwait(false);
            if (result.IsCanceled)
                throw new OperationCanceledException();
            var buffer = result.Buffer;
            if (TryTake(ref buffer, out var message))
            {
                input.AdvanceTo(buffer.Start);
                return new Next(message);
            }

            if (result.IsCompleted)
            {
                var isWhole = buffer.IsEmpty;
                input.AdvanceTo(buffer.End);
                return isWhole ? default : throw FrameErrors.Truncated();
            }

            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>The only message of a body.</summary>
    /// <param name="side">Whose body it is, for the error text.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<T> ReadSingleAsync(string side, CancellationToken cancellationToken)
    {
        var only = await ReadAsync(cancellationToken).ConfigureAwait(false);
        if (!only.HasMessage)
            throw FrameErrors.NoMessage(side);
        if ((await ReadAsync(cancellationToken).ConfigureAwait(false)).HasMessage)
            throw FrameErrors.SecondMessage(side);
        return only.Message;
    }

    private bool TryTake(ref ReadOnlySequence<byte> buffer, [MaybeNullWhen(false)] out T message)
    {
        message = default;
        if (buffer.Length < Frame.HeaderSize)
            return false;

        Span<byte> header = stackalloc byte[Frame.HeaderSize];
        buffer.Slice(0, Frame.HeaderSize).CopyTo(header);
        if (header[0] > 1)
            throw FrameErrors.BadFlag(header[0]);
        var isCompressed = header[0] == 1;
        if (isCompressed && encoding == MessageEncoding.Identity)
            throw FrameErrors.CompressedWithoutEncoding();
        var length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > (uint)limit)
            throw FrameErrors.TooLarge(length, limit);
        if (buffer.Length < Frame.HeaderSize + length)
            return false;

        message = Parse(buffer.Slice(Frame.HeaderSize, length), isCompressed);
        buffer = buffer.Slice(Frame.HeaderSize + length);
        return true;
    }

    private T Parse(in ReadOnlySequence<byte> bytes, bool isCompressed)
    {
        try
        {
            if (!isCompressed)
                return marshaller.Read(bytes);
            using var inflated = Gzip.Decompress(bytes, limit);
            return marshaller.Read(new ReadOnlySequence<byte>(inflated.Written));
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw FrameErrors.NoSuchMessage(malformed);
        }
    }

    public readonly struct Next
    {
        public Next(T message) => (HasMessage, Message) = (true, message);

        public bool HasMessage { get; }

        public T Message { get; } = default!;
    }
}
