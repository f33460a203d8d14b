using Sidecar.Components.PubSub;
using TestSupport.Brokers;

namespace Conformance.PubSub;

public sealed class KafkaPubSubTests() : PubSubConformance(
    new PubSubTarget("pubsub.kafka", PubSubFeatures.BulkPubSub)
    {
        Metadata = _ => new()
        {
            ["initialOffset"] = "oldest",
            ["backOffDuration"] = "100ms",
            ["maxMessageBytes"] = "2097152",
            ["sessionTimeout"] = "6s",
            ["heartbeatInterval"] = "200ms",
            ["drainTimeout"] = "500ms",
            ["consumerFetchWait"] = "10ms",
        },
        Server = BrokerKind.Kafka,
        PrepareTopic = (server, topic) => server.TellAsync($"topic {topic} 1"),
        IsDurable = true,
        Redelivers = true,
        Competes = true,
        CompetesByPartition = true,
        CarriesContentType = false,
        AnyTopic = false,
        StepsAside = false,
    });
