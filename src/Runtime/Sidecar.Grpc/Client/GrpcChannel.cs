namespace Sidecar.Grpc;

/// <summary>Calls the methods of one server. Safe for use by many at once; made once and kept.</summary>
public sealed class GrpcChannel : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _invoker;
    private readonly bool _ownsInvoker;
    private readonly Uri _address;
    private int _callsUnderWay;
    private volatile bool _isDisposed;

    /// <param name="invoker">The transport; it stays the caller's. <see cref="GrpcHandler.Create"/> makes what goes in it.</param>
    /// <param name="address">Scheme, host and port; <c>http</c> is HTTP/2 without TLS.</param>
    /// <param name="options">Read once.</param>
    public GrpcChannel(HttpMessageInvoker invoker, Uri address, GrpcChannelOptions? options = null)
        : this(invoker, ownsInvoker: false, address, options)
    {
    }

    private GrpcChannel(HttpMessageInvoker invoker, bool ownsInvoker, Uri address, GrpcChannelOptions? options)
    {
        ArgumentNullException.ThrowIfNull(invoker);
        ArgumentNullException.ThrowIfNull(address);
        options ??= new GrpcChannelOptions();
        (_invoker, _ownsInvoker, _address) = (invoker, ownsInvoker, address);
        (Clock, MaxReceiveMessageSize, UserAgent) = (options.Clock, options.MaxReceiveMessageSize, options.UserAgent);
    }

    /// <summary>Calls that have begun and not ended.</summary>
    public int CallsUnderWay => Volatile.Read(ref _callsUnderWay);

    internal TimeProvider Clock { get; }

    internal int MaxReceiveMessageSize { get; }

    internal string UserAgent { get; }

    /// <summary>A channel with a transport of its own, which goes with it.</summary>
    public static GrpcChannel ForAddress(Uri address, GrpcChannelOptions? options = null) =>
        new(new HttpMessageInvoker(GrpcHandler.Create(ConnectTimeout)), ownsInvoker: true, address, options);

    /// <summary>A unary call, with its outcome as a value. It never throws for what happens to a call.</summary>
    /// <exception cref="ArgumentException">The method is not unary.</exception>
    public ValueTask<GrpcResult<TResponse>> CallAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        method.RequireKind(GrpcMethodKind.Unary);
        return UnaryCall.RunAsync(this, method, request, options, cancellationToken);
    }

    /// <summary>A unary call.</summary>
    /// <exception cref="GrpcException">The call failed.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> has fired.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options = default, CancellationToken cancellationToken = default)
    {
        var result = await CallAsync(method, request, options, cancellationToken).ConfigureAwait(false);
        if (!result.IsOK && result.Status.Code == StatusCode.Cancelled)
            cancellationToken.ThrowIfCancellationRequested();
        return result.GetMessage();
    }

    /// <summary>Opens a call with one request and many responses.</summary>
    /// <exception cref="ArgumentException">The method is of another kind.</exception>
    public StreamingCall<TRequest, TResponse> OpenServerStreaming<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options = default, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(method);
        method.RequireKind(GrpcMethodKind.ServerStreaming);
        return new(new ClientCall(this, method.FullName, options, cancellationToken), method, new SingleContent<TRequest>(method.Requests, request, options.Encoding));
    }

    /// <summary>Opens a call with many requests and one response: <see cref="StreamingCall{TRequest, TResponse}.CompleteAsync"/>, then <see cref="StreamingCall{TRequest, TResponse}.ResponseAsync"/>.</summary>
    /// <inheritdoc cref="OpenServerStreaming"/>
    public StreamingCall<TRequest, TResponse> OpenClientStreaming<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, CallOptions options = default, CancellationToken cancellationToken = default) =>
        OpenWriting(method, GrpcMethodKind.ClientStreaming, options, cancellationToken);

    /// <summary>Opens a call with many messages each way.</summary>
    /// <inheritdoc cref="OpenServerStreaming"/>
    public StreamingCall<TRequest, TResponse> OpenDuplex<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, CallOptions options = default, CancellationToken cancellationToken = default) =>
        OpenWriting(method, GrpcMethodKind.Duplex, options, cancellationToken);

    /// <summary>Takes no further calls. A channel that has a transport of its own closes it once the calls under way have ended.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        CloseIfUnused();
    }

    /// <exception cref="ObjectDisposedException">The channel was disposed of.</exception>
    internal void Begin()
    {
        Interlocked.Increment(ref _callsUnderWay);
        if (!_isDisposed)
            return;
        End();
        ObjectDisposedException.ThrowIf(true, this);
    }

    internal void End()
    {
        Interlocked.Decrement(ref _callsUnderWay);
        CloseIfUnused();
    }

    internal Uri AddressOf(string method) => new(_address, method);

    internal Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        _invoker.SendAsync(request, cancellationToken);

    // SocketsHttpHandler keeps a connection for ever if it is disposed of while that is being made for calls that wait.
    private void CloseIfUnused()
    {
        if (_ownsInvoker && _isDisposed && CallsUnderWay == 0)
            _invoker.Dispose();
    }

    private StreamingCall<TRequest, TResponse> OpenWriting<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, GrpcMethodKind kind, CallOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(method);
        method.RequireKind(kind);
        return new(new ClientCall(this, method.FullName, options, cancellationToken), method, new StreamContent<TRequest>(method.Requests, options.Encoding));
    }
}
