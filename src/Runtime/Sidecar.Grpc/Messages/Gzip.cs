using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;

namespace Sidecar.Grpc;

/// <summary>Messages under <c>grpc-encoding: gzip</c>, each a gzip file of its own (RFC 1952) with one member.</summary>
internal static class Gzip
{
    private const int SmallestFile = 18;

    /// <summary>The message, compressed; the caller disposes of it.</summary>
    public static PooledBuffer Compress<T>(Marshaller<T> marshaller, T message)
    {
        using var plain = new PooledBuffer(marshaller.SizeOf(message));
        marshaller.Write(message, plain);
        var compressed = new PooledBuffer((plain.Length / 2) + 64);
        try
        {
            using var gzip = new GZipStream(new BufferWriterStream(compressed), CompressionLevel.Fastest);
            gzip.Write(plain.Written.Span);
        }
        catch
        {
            compressed.Dispose();
            throw;
        }

        return compressed;
    }

    /// <summary>The message, inflated; never holds more than one byte above the limit. The caller disposes of it.</summary>
    public static PooledBuffer Decompress(in ReadOnlySequence<byte> file, int limit)
    {
        // GZipStream makes no file at all of nothing, and there are gRPC libraries that send that.
        if (file.IsEmpty)
            return new PooledBuffer(0);
        if (file.Length < SmallestFile)
            throw Damaged();

        // RFC 1952: the last four bytes are the length of what was compressed, modulo 2^32. GZipStream takes a file that
        // ends early for one that is whole, and with this it is told.
        Span<byte> tail = stackalloc byte[4];
        file.Slice(file.Length - 4).CopyTo(tail);
        var promised = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (promised > (uint)limit)
            throw FrameErrors.TooLarge(promised, limit);

        var inflated = new PooledBuffer((int)Math.Min(promised + 1, 64 * 1024));
        try
        {
            using var gzip = new GZipStream(new SequenceStream(file), CompressionMode.Decompress);
            while (gzip.Read(Next(inflated, limit)) is > 0 and var read)
            {
                inflated.Advance(read);
                if (inflated.Length > limit)
                    throw FrameErrors.TooLarge(inflated.Length, limit);
            }

            if (inflated.Length != promised)
                throw Damaged();
            return inflated;
        }
        catch (InvalidDataException)
        {
            inflated.Dispose();
            throw Damaged();
        }
        catch
        {
            inflated.Dispose();
            throw;
        }
    }

    private static Span<byte> Next(PooledBuffer inflated, int limit)
    {
        var free = inflated.GetSpan(1);
        var allowed = (long)limit + 1 - inflated.Length;
        return free.Length > allowed ? free[..(int)allowed] : free;
    }

    private static GrpcException Damaged() => new(StatusCode.Internal, "a message said to be compressed by gzip cannot be inflated");

    private sealed class BufferWriterStream(PooledBuffer target) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer) => target.Write(buffer);

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }

    private sealed class SequenceStream(ReadOnlySequence<byte> source) : Stream
    {
        private ReadOnlySequence<byte> _rest = source;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var part = _rest.Slice(0, Math.Min(buffer.Length, _rest.Length));
            part.CopyTo(buffer);
            _rest = _rest.Slice(part.End);
            return (int)part.Length;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
