using Sidecar.Grpc;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.AppChannel;

/// <summary>
/// The sidecar's way to an app that speaks gRPC, beside <see cref="IAppChannel"/>, and over the same wire: its concurrency
/// limit, health gate and APP_API_TOKEN hold for these calls too, whichever way they come.
/// </summary>
internal sealed class GrpcAppChannel : IDisposable
{
    private readonly IAppChannel _wire;
    private readonly HttpMessageInvoker _invoker;
    private readonly GrpcChannel _channel;

    /// <param name="wire">Its requests are gRPC's already.</param>
    /// <param name="options">Read once.</param>
    public GrpcAppChannel(IAppChannel wire, SidecarOptions options)
    {
        var protocol = AppProtocol.Of(options);
        _wire = wire;
        HasApp = options.HasApp && protocol.IsGrpc;
        _invoker = new HttpMessageInvoker(new Wire(wire));
        _channel = new GrpcChannel(_invoker, protocol.OriginOf(options), new GrpcChannelOptions { Clock = options.Time, MaxReceiveMessageSize = options.MaxMessageSize });
    }

    /// <summary>There is an app, and it speaks gRPC.</summary>
    public bool HasApp { get; }

    /// <summary>
    /// Calls a method of <see cref="AppCallback"/>. An app that cannot be reached, or may not be called because it is not
    /// healthy, is UNAVAILABLE like one that says so itself. A call that waits for its turn obeys its deadline.
    /// </summary>
    public ValueTask<GrpcResult<TResponse>> CallAsync<TRequest, TResponse>(
        GrpcMethod<TRequest, TResponse> method, TRequest request, CallOptions options, CancellationToken cancellationToken) =>
        _channel.CallAsync(method, request, options, cancellationToken);

    /// <summary>Hands on a call whose messages nobody reads here; the caller disposes the response, which ends the call.</summary>
    /// <param name="request">With a relative URI.</param>
    /// <param name="cancellationToken">Ends the wait for the response's headers; after that, disposal ends the call.</param>
    /// <exception cref="HttpRequestException">The app cannot be reached, is not healthy, or broke the connection.</exception>
    public Task<HttpResponseMessage> ForwardAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        HasApp
            ? _wire.SendAsync(request, cancellationToken)
            : Task.FromException<HttpResponseMessage>(new HttpRequestException(
                _wire.HasApp ? "the app does not speak gRPC (--app-protocol grpc)" : "there is no app (its sidecar was started without --app-port)"));

    public void Dispose() => _invoker.Dispose();

    private sealed class Wire(IAppChannel app) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => app.SendAsync(request, cancellationToken);
    }
}
