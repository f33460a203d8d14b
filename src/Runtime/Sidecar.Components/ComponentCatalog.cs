using Sidecar.Components.Cron;
using Sidecar.Components.Http;
using Sidecar.Components.InMemory;
using Sidecar.Components.Kafka;
using Sidecar.Components.Local;
using Sidecar.Components.LocalStorage;
using Sidecar.Components.Middleware;
using Sidecar.Components.Postgres;
using Sidecar.Components.RabbitMq;
using Sidecar.Components.Redis;
using Sidecar.Components.Sqlite;

namespace Sidecar.Components;

/// <summary>All component types this build knows.</summary>
public sealed class ComponentCatalog(IEnumerable<ComponentType> types)
{
    public IReadOnlyList<ComponentType> Types { get; } = [.. types];

    /// <summary>The drivers of this assembly.</summary>
    public static ComponentCatalog Default { get; } = new(
    [
        .. InMemoryComponents.Types, .. SqliteComponents.Types, .. LocalComponents.Types,
        .. CronComponents.Types, .. HttpComponents.Types, .. LocalStorageComponents.Types,
        .. HttpMiddlewareComponents.Types, .. RedisComponents.Types, .. RabbitMqComponents.Types, .. KafkaComponents.Types, .. PostgresComponents.Types,
    ]);

    public ComponentType? Find(string type, string version) => Types.FirstOrDefault(known => known.Answers(type, version));
}
