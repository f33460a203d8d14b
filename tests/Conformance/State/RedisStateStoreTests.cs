using Sidecar.Components.State;
using TestSupport.Brokers;

namespace Conformance.State;

public sealed class RedisStateStoreTests() : StateStoreConformance(
    new StateStoreTarget("state.redis", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Server = BrokerKind.Redis,
        Impatient = metadata => new(metadata) { ["redisMinRetryInterval"] = "8ms" },
        IsDurable = true,
        FollowsClock = false,
        ForeignETag = StateResult.ETagInvalid,
        ETagOfAbsentKey = StateResult.Ok,
        DeleteOfAbsentKey = StateResult.Ok,
        FirstWriteThrows = true,
        RollsBack = false,
        ClearsTtl = false,
        TellsExpiry = false,
    });
