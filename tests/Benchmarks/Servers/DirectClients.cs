using TestSupport.Brokers;

namespace Benchmarks.Servers;

internal static class DirectClients
{
    /// <param name="metadata">As a component names the server.</param>
    public static async Task<IDirectClient> OpenAsync(BrokerKind kind, IReadOnlyDictionary<string, string> metadata) => kind switch
    {
        BrokerKind.Redis => new DirectRedis(metadata),
        BrokerKind.RabbitMq => await DirectRabbitMq.OpenAsync(metadata["connectionString"]),
        BrokerKind.Postgres => await DirectPostgres.OpenAsync(metadata["connectionString"]),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "is not measured"),
    };
}
