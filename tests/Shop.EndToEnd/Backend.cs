using System.Text.Json.Nodes;
using TestSupport.Brokers;

namespace Shop.EndToEnd;

/// <summary>
/// A component set with the servers that it names. The whole project runs on one set: that of SHOP_COMPONENTS, else the
/// embedded one. Components and secrets of a run are the repository's, with the addresses and passwords of its servers.
/// </summary>
public sealed class Backend : IAsyncDisposable
{
    private const string Embedded = "embedded";

    private readonly List<BrokerServer> _servers = [];

    /// <summary>Name of the set's folder under <c>components</c>.</summary>
    public static string Set { get; } = Environment.GetEnvironmentVariable("SHOP_COMPONENTS") is { Length: > 0 } name ? name : Embedded;

    public static bool IsEmbedded => Set == Embedded;

    /// <summary>Arguments of <c>dapr run</c> that choose the set.</summary>
    public static IEnumerable<string> Arguments => IsEmbedded ? [] : ["--components", Set];

    /// <summary>The server that carries the events.</summary>
    public BrokerServer Events => _servers[0];

    /// <summary>The server that keeps the state; it may be the same.</summary>
    public BrokerServer State => _servers[^1];

    private static BrokerKind[] Kinds => Set switch
    {
        Embedded => [],
        "redis" => [BrokerKind.Redis],
        "rabbitmq" => [BrokerKind.RabbitMq, BrokerKind.Redis],
        "kafka" => [BrokerKind.Kafka, BrokerKind.Redis],
        "postgres" => [BrokerKind.Redis, BrokerKind.Postgres],
        var other => throw new InvalidOperationException($"SHOP_COMPONENTS={other} is no folder of components/ that this project knows"),
    };

    /// <summary>Starts the servers, empty, and writes their addresses and secrets into the files of a run.</summary>
    /// <param name="folder">Has <c>components</c> and <c>config</c> of the repository.</param>
    public async Task PrepareAsync(string folder)
    {
        // What the broker has acknowledged is to survive its SIGKILL.
        var environment = new Dictionary<string, string?> { ["REDIS_APPENDFSYNC"] = "always" };
        _servers.AddRange(await Task.WhenAll(Kinds.Select(kind => BrokerServer.StartAsync(kind, environment))));
        var secretsFile = Path.Combine(folder, "config", "secrets.json");
        var secrets = JsonNode.Parse(await File.ReadAllTextAsync(secretsFile))!;
        foreach (var server in _servers)
        {
            if (SecretOf(server) is { } secret)
                secrets[secret.Name] = secret.Value;
            if (UsualAddress(server.Kind) is not { } usual)
                continue;
            foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, "components", Set)))
                await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file)).Replace(usual, server.Address, StringComparison.Ordinal));
        }

        await File.WriteAllTextAsync(secretsFile, secrets.ToJsonString());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    private static (string Name, string Value)? SecretOf(BrokerServer server) => server.Kind switch
    {
        BrokerKind.Redis => ("redis-password", server.Password),
        BrokerKind.RabbitMq => ("rabbitmq-connection", server.Metadata["connectionString"]),
        BrokerKind.Postgres => ("postgres-connection", server.Metadata["connectionString"]),
        _ => null,
    };

    /// <summary>As the component files have it; null where it is part of the secret.</summary>
    private static string? UsualAddress(BrokerKind kind) => kind switch
    {
        BrokerKind.Redis => "localhost:6379",
        BrokerKind.Kafka => "localhost:9092",
        _ => null,
    };
}
