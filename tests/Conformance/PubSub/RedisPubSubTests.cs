using Sidecar.Components.PubSub;
using TestSupport.Brokers;

namespace Conformance.PubSub;

public sealed class RedisPubSubTests() : PubSubConformance(new PubSubTarget("pubsub.redis", PubSubFeatures.None)
{
    Server = BrokerKind.Redis,
    Metadata = _ => new()
    {
        ["concurrency"] = "5",
        ["queueDepth"] = "1",
        ["processingTimeout"] = "30s",
        ["redeliverInterval"] = "200ms",
    },
    Impatient = metadata => new(metadata) { ["processingTimeout"] = "1s" },
    IsDurable = true,
    GivesBack = true,
    Competes = true,
    MaxInFlight = 5,
    LimitIsOfComponent = true,
    CarriesContentType = false,
});
