using System.Globalization;
using TestSupport;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>Our client against a server of <c>@grpc/grpc-js</c>.</summary>
public sealed class NodeServerTests : ClientContract
{
    protected override async Task<IEchoServer> StartServerAsync()
    {
        NodePackages.SkipWithoutNode();
        var port = FreePorts.Next();
        var process = await NodePackages.StartAsync(
            NodeScripts.Path("echo-server.cjs"), [NodeScripts.Protos, NodeScripts.RpcProtos, port.ToString(CultureInfo.InvariantCulture)]);
        await process.LineAsync("listening");
        return new NodeServer(process, port);
    }

    private sealed class NodeServer(TestProcess process, int port) : IEchoServer
    {
        private bool _isDisposed;

        public Uri Address => new($"http://127.0.0.1:{port}");

        public Task CancelledAsync(string method) => process.LineAsync($"cancelled {method}");

        public async ValueTask DisposeAsync()
        {
            if (!Interlocked.Exchange(ref _isDisposed, true))
                await process.DisposeAsync();
        }
    }
}
