using Sidecar.Grpc.Tests.Support;

namespace Sidecar.Grpc.Tests.Calls;

/// <summary>Our client against our server.</summary>
public sealed class OurServerTests : ClientContract
{
    protected override async Task<IEchoServer> StartServerAsync()
    {
        var service = new EchoService();
        return new OurServer(await GrpcHost.StartAsync(service.Map), service);
    }

    private sealed class OurServer(GrpcHost host, EchoService service) : IEchoServer
    {
        public Uri Address => host.Address;

        public async Task CancelledAsync(string method)
        {
            while (!(await service.Cancelled.ReadAsync()).EndsWith('/' + method))
            {
            }
        }

        public Task PausedAsync() => service.Waiting.ReadAsync().AsTask();

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
