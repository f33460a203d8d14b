using Sidecar.Grpc;

namespace Benchmarks.Load;

/// <summary>A connection for unary calls of one method. Its client is a whole one, so more of the machine's time goes to it than to <see cref="HttpConnection"/>.</summary>
internal sealed class GrpcConnection : ILoadConnection
{
    private readonly GrpcChannel _channel;
    private readonly GrpcMethod<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>> _method;

    /// <param name="method">As in a path: <c>/package.Service/Method</c>.</param>
    public GrpcConnection(int port, string method)
    {
        _channel = GrpcChannel.ForAddress(new Uri($"http://127.0.0.1:{port}"));
        _method = GrpcMethod.Raw(method.Split('/')[1], method.Split('/')[2], GrpcMethodKind.Unary);
    }

    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request) => (await _channel.CallAsync(_method, request)).IsOK ? 200 : 500;

    public void Dispose() => _channel.Dispose();
}
