using Sidecar.Components.PubSub;
using TestSupport.Brokers;

namespace Conformance.PubSub;

public sealed class RabbitMqPubSubTests() : PubSubConformance(
    new PubSubTarget("pubsub.rabbitmq", PubSubFeatures.MessageTtl)
    {
        Server = BrokerKind.RabbitMq,
        Metadata = _ => new()
        {
            ["deletedWhenUnused"] = "false",
            ["deliveryMode"] = "2",
            ["requeueInFailure"] = "true",
            ["prefetchCount"] = "5",
            ["publisherConfirm"] = "true",
        },
        IsDurable = true,
        KeepsForLateGroups = false,
        Redelivers = true,
        Competes = true,
        MaxInFlight = 5,
        FollowsClock = false,
        CarriesMetadata = false,
        CarriesContentType = false,
    });
