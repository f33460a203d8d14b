using Sidecar.Components.PubSub;

namespace Conformance.PubSub;

public sealed class SqlitePubSubTests() : PubSubConformance(
    new PubSubTarget("pubsub.sqlite", PubSubFeatures.MessageTtl | PubSubFeatures.BulkPubSub)
    {
        Metadata = folder => new()
        {
            ["connectionString"] = folder.File("topics.db"),
            ["maxInFlight"] = "5",
            ["redeliverInterval"] = "200ms",
            ["drainTimeout"] = "500ms",
        },
        IsDurable = true,
        Redelivers = true,
        Competes = true,
        MaxInFlight = 5,
    });

public sealed class InMemoryPubSubTests() : PubSubConformance(new PubSubTarget("pubsub.in-memory", PubSubFeatures.SubscribeWildcards));
