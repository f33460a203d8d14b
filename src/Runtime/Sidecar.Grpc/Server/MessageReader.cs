namespace Sidecar.Grpc;

/// <summary>The messages that a client streams to a handler.</summary>
public sealed class MessageReader<T>
{
    private readonly FrameReader<T> _frames;
    private readonly CancellationToken _callToken;

    internal MessageReader(FrameReader<T> frames, CancellationToken callToken) => (_frames, _callToken) = (frames, callToken);

    /// <summary>The message that <see cref="ReadAsync"/> found.</summary>
    public T Current { get; private set; } = default!;

    /// <summary>Waits for the next message; false once the client has sent its last.</summary>
    /// <exception cref="OperationCanceledException">The call has ended: its deadline, the client or the host.</exception>
    /// <exception cref="GrpcException">What came is no message.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken = default)
    {
        using var linked = LinkedToken.Of(_callToken, cancellationToken);
        var next = await _frames.ReadAsync(linked.Token).ConfigureAwait(false);
        Current = next.Message;
        return next.HasMessage;
    }

    /// <summary>All messages to come.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<T> ReadAllAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        while (await ReadAsync(cancellationToken).ConfigureAwait(false))
            yield return Current;
    }
}
