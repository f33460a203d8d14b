namespace Sidecar.Grpc;

/// <summary>The messages that a handler streams to a client, one after the other.</summary>
public sealed class MessageWriter<T>
{
    private readonly ServerResponse _response;
    private readonly Marshaller<T> _marshaller;
    private readonly CancellationToken _callToken;

    internal MessageWriter(ServerResponse response, Marshaller<T> marshaller, CancellationToken callToken) =>
        (_response, _marshaller, _callToken) = (response, marshaller, callToken);

    /// <summary>Sends a message; returns once the client has room for more.</summary>
    /// <exception cref="OperationCanceledException">The call has ended: its deadline, the client or the host.</exception>
    /// <exception cref="InvalidOperationException">Another write is under way.</exception>
    public async ValueTask WriteAsync(T message, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(message);
        using var linked = LinkedToken.Of(_callToken, cancellationToken);
        await _response.WriteAsync(_marshaller, message, linked.Token).ConfigureAwait(false);
    }
}
