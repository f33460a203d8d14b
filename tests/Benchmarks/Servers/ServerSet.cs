using TestSupport.Brokers;

namespace Benchmarks.Servers;

/// <summary>A real server that <c>./bench --components</c> measures: the sidecar's components on it, and its own client library beside them.</summary>
/// <param name="State">Type and version of the state store on it; null = it keeps none.</param>
/// <param name="Events">Type and version of the pub/sub on it; null = it carries none.</param>
internal sealed record ServerSet(string Name, BrokerKind Kind, string? State, string? Events)
{
    public const string StateComponent = "server-state";
    public const string EventsComponent = "server-events";

    public static IReadOnlyList<ServerSet> All { get; } =
    [
        new("redis", BrokerKind.Redis, "state.redis/v1", "pubsub.redis/v1"),
        new("rabbitmq", BrokerKind.RabbitMq, null, "pubsub.rabbitmq/v1"),
        new("postgres", BrokerKind.Postgres, "state.postgresql/v2", null),
    ];

    /// <summary>Fields of its pub/sub beside the address: what a shop would set, and as much at once as the sidecar's other drivers.</summary>
    public Dictionary<string, string> EventsFields => Kind == BrokerKind.RabbitMq
        ? new() { ["publisherConfirm"] = "true", ["deliveryMode"] = "2", ["prefetchCount"] = "100", ["deletedWhenUnused"] = "false" }
        : new() { ["concurrency"] = "100" };
}
