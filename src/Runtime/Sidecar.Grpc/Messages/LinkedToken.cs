namespace Sidecar.Grpc;

/// <summary>A token that follows two, and costs nothing where the second can never fire.</summary>
internal readonly struct LinkedToken : IDisposable
{
    private readonly CancellationTokenSource? _source;

    private LinkedToken(CancellationToken token, CancellationTokenSource? source) => (Token, _source) = (token, source);

    public CancellationToken Token { get; }

    public static LinkedToken Of(CancellationToken first, CancellationToken second)
    {
        if (!second.CanBeCanceled || second == first)
            return new(first, null);
        if (!first.CanBeCanceled)
            return new(second, null);
        var source = CancellationTokenSource.CreateLinkedTokenSource(first, second);
        return new(source.Token, source);
    }

    public void Dispose() => _source?.Dispose();
}
