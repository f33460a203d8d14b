using Sidecar.Components.State;
using TestSupport.Brokers;

namespace Conformance.State;

public sealed class PostgresStateStoreTests() : StateStoreConformance(
    new StateStoreTarget("state.postgresql", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Version = "v2",

        // The tables of both versions have the same name otherwise.
        Metadata = _ => new() { ["tablePrefix"] = "v2_" },
        Server = BrokerKind.Postgres,
        IsDurable = true,
        FollowsClock = false,
        FirstWriteThrows = true,
    });

public sealed class PostgresStateStoreV1Tests() : StateStoreConformance(
    new StateStoreTarget("state.postgres", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Version = "",
        Server = BrokerKind.Postgres,
        IsDurable = true,
        FollowsClock = false,
        FirstWriteThrows = true,
        ForeignETag = StateResult.ETagInvalid,
        ForeignETagOfDelete = StateResult.ETagInvalid,
    });
