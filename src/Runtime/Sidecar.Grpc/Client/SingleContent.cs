using System.Net;

namespace Sidecar.Grpc;

/// <summary>A request body of one message. It may be sent again: a connection that closes before it took the stream asks for that.</summary>
internal sealed class SingleContent<T>(Marshaller<T> marshaller, T message, MessageEncoding encoding) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var frame = new PooledBuffer(Frame.HeaderSize + marshaller.SizeOf(message));
        Frame.Write(frame, marshaller, message, encoding);
        await stream.WriteAsync(frame.Written, cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
