using System.Buffers;
using System.Buffers.Binary;

namespace Sidecar.Grpc;

/// <summary>
/// A message on the wire. Specification: PROTOCOL-HTTP2, "Length-Prefixed-Message".
/// <code>
/// +------------+----------------------+---------+
/// | compressed | length               | message |
/// | 1 byte     | 4 bytes, big-endian  | length  |
/// +------------+----------------------+---------+
/// </code>
/// </summary>
internal static class Frame
{
    public const int HeaderSize = 5;

    public static void Write<T>(IBufferWriter<byte> output, Marshaller<T> marshaller, T message, MessageEncoding encoding)
    {
        var size = marshaller.SizeOf(message);
        if (encoding == MessageEncoding.Gzip && size > 0)
        {
            using var compressed = Gzip.Compress(marshaller, message);
            WriteHeader(output, isCompressed: true, compressed.Length);
            output.Write(compressed.Written.Span);
            return;
        }

        WriteHeader(output, isCompressed: false, size);
        marshaller.Write(message, output);
    }

    private static void WriteHeader(IBufferWriter<byte> output, bool isCompressed, int length)
    {
        var header = output.GetSpan(HeaderSize);
        header[0] = isCompressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(header[1..], length);
        output.Advance(HeaderSize);
    }
}
