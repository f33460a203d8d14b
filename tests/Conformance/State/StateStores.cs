using Sidecar.Components.State;

namespace Conformance.State;

public sealed class SqliteStateStoreTests() : StateStoreConformance(
    new StateStoreTarget("state.sqlite", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Metadata = folder => new() { ["connectionString"] = folder.File("state.db") },
        IsDurable = true,
    });

public sealed class SqliteStateStoreWithoutWalTests() : StateStoreConformance(
    new StateStoreTarget("state.sqlite3", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Metadata = folder => new() { ["connectionString"] = folder.File("state.db"), ["disableWAL"] = "true", ["tableName"] = "my_state" },
        IsDurable = true,
    });

public sealed class SqliteStateStoreInMemoryTests() : StateStoreConformance(
    new StateStoreTarget("state.sqlite", StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.KeysLike)
    {
        Metadata = _ => new() { ["connectionString"] = ":memory:" },
    });

public sealed class InMemoryStateStoreTests() : StateStoreConformance(
    new StateStoreTarget(
        "state.in-memory",
        StateFeatures.ETag | StateFeatures.Transactional | StateFeatures.Ttl | StateFeatures.DeleteWithPrefix | StateFeatures.KeysLike));
