using System.Net;

namespace Sidecar.Grpc;

/// <summary>A request body whose messages are written while the response is read already.</summary>
internal sealed class StreamContent<T>(Marshaller<T> marshaller, MessageEncoding encoding) : HttpContent
{
    private readonly TaskCompletionSource<Stream> _stream = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Writes and sends a message, once the transport has opened the stream.</summary>
    public async ValueTask WriteAsync(T message, CancellationToken cancellationToken)
    {
        var stream = await _stream.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var frame = new PooledBuffer(Frame.HeaderSize + marshaller.SizeOf(message));
        Frame.Write(frame, marshaller, message, encoding);
        await stream.WriteAsync(frame.Written, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the body.</summary>
    public void Complete() => _completed.TrySetResult();

    /// <summary>The call is over, and whoever waits for the stream will not get it.</summary>
    public void Abandon()
    {
        _stream.TrySetCanceled();
        _completed.TrySetCanceled();
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Headers wait for the first bytes of the body otherwise, and the server may speak first.
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);

        // The transport sends anew what a connection did not take. What was written is gone, so that is a failure.
        if (!_stream.TrySetResult(stream))
            throw new IOException("the connection was lost, and a stream of messages cannot be sent anew");
        await _completed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
