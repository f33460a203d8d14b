using Sidecar.Components.Postgres;
using Sidecar.Components.State;
using TestSupport;
using TestSupport.Brokers;

namespace Sidecar.Components.Tests.Postgres;

/// <summary>Stores in a database of the test's own, and psql beside them.</summary>
public abstract class PostgresTest : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly List<IAsyncDisposable> _stores = [];

    private protected FakeClock Clock { get; } = new();

    private protected BrokerServer Server { get; set; } = null!;

    private protected string Database { get; } = $"t{Guid.NewGuid():N}";

    internal KeptLog Log { get; } = new();

    private protected static CancellationToken None => CancellationToken.None;

    public async ValueTask InitializeAsync()
    {
        Server = await BrokerServer.SharedAsync(BrokerKind.Postgres);
        await CreateDatabaseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the stores, where a server or a relay of the test goes before the test is over.</summary>
    internal async Task CloseAsync()
    {
        foreach (var store in _stores)
            await store.DisposeAsync();
        _stores.Clear();
    }

    internal async Task<PostgresStateStore> OpenAsync(string version = "v2", params (string Name, string Value)[] metadata)
    {
        var store = Create(version);
        await store.InitAsync(Context(metadata), None).WithinAsync("the start of the store");
        return store;
    }

    internal PostgresStateStore Create(string version = "v2")
    {
        var store = (PostgresStateStore)ComponentCatalog.Default.Find("state.postgresql", version)!.Create();
        _stores.Add(store);
        return store;
    }

    internal ComponentContext Context(params (string Name, string Value)[] metadata) =>
        Contexts.For(_folder, time: Clock, metadata: [.. Server.Metadata.Select(pair => (pair.Key, pair.Value)), ("database", Database), .. metadata]) with { Logger = Log };

    internal Task<string> SqlAsync(string sql) => Server.AskAsync("-d", Database, "-c", sql);

    internal Task CreateDatabaseAsync() => Server.AskAsync("-d", "postgres", "-c", $"CREATE DATABASE {Database}");

    private protected static StateUpsert Upsert(string key, string value, int? ttl = null) => new(key, System.Text.Encoding.UTF8.GetBytes(value)) { TtlInSeconds = ttl };

    private protected static string? Text(StateItem? item) => item is null ? null : System.Text.Encoding.UTF8.GetString(item.Value.Span);
}
