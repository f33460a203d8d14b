using Benchmarks.Servers;
using TestSupport.Brokers;

namespace Benchmarks.Load;

/// <summary>A caller of the server's own client library; all callers of a job share the library's client.</summary>
internal sealed class DirectConnection(Task<IDirectClient> client, string verb, string path) : ILoadConnection
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Task<IDirectClient>> Clients = [];

    public static DirectConnection Open(DirectServer server, string verb, string path)
    {
        lock (Gate)
        {
            var key = string.Join('\n', server.Metadata.Values);
            if (!Clients.TryGetValue(key, out var client))
                Clients[key] = client = DirectClients.OpenAsync(server.Kind, server.Metadata);
            return new DirectConnection(client, verb, path);
        }
    }

    public async ValueTask<int> SendAsync(ReadOnlyMemory<byte> request)
    {
        var direct = await client;
        switch (verb)
        {
            case "GET":
                return (await direct.GetAsync(path)).Length == request.Length ? 200 : 404;
            case "PUT":
                await direct.SaveAsync(path, request);
                return 204;
            default:
                await direct.PublishAsync(path, request);
                return 204;
        }
    }

    public void Dispose()
    {
        // The client lives as long as the load process.
    }
}

/// <param name="Metadata">As a component names the server.</param>
internal sealed record DirectServer(BrokerKind Kind, Dictionary<string, string> Metadata);
