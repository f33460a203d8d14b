using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Sidecar.Components;
using Sidecar.Components.State;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Hosting.Reload;
using TestSupport;

namespace Sidecar.Runtime.Tests.Hosting.Reload;

/// <summary>Files change under a sidecar that serves its API.</summary>
public sealed class HotReloadTests : IAsyncDisposable
{
    private static readonly TimeSpan Reconcile = TimeSpan.FromMilliseconds(200);

    private readonly TempFolder _folder = new();
    private readonly SidecarGroup _group = new();
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly HttpClient _client = new();

    public HotReloadTests() => Directory.CreateDirectory(_folder.File("components"));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _group.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Contract(156, 157)]
    public async Task A_state_store_that_is_added_can_be_used_within_seconds()
    {
        await StartAsync(Options());
        Assert.Equal(HttpStatusCode.InternalServerError, await SaveAsync("store"));

        _folder.Write("components/store.yaml", Component("store", "state.in-memory"));
        await Eventually.TrueAsync(async () => await SaveAsync("store") == HttpStatusCode.NoContent, "the new store to take a value");

        Assert.Equal(HttpStatusCode.BadRequest, await SaveAsync("unknown"));
    }

    [Fact]
    [Contract(156)]
    public async Task With_the_feature_switched_off_nothing_changes()
    {
        var clock = new FakeClock();
        await StartAsync(Options() with { Time = clock, ConfigPaths = [Config("  features: [{ name: HotReload, enabled: false }]")] });

        _folder.Write("components/store.yaml", Component("store", "state.in-memory"));
        clock.Advance(TimeSpan.FromHours(1));

        Assert.Equal(HttpStatusCode.InternalServerError, await SaveAsync("store"));
        Assert.Contains(_lines, line => line.Contains("hot reload is off", StringComparison.Ordinal));
        var isWatched = true;
        await using var watch = _group.Shared.Acquire(_folder.File("components"), () =>
        {
            isWatched = false;
            return new FolderWatch(_folder.File("components"));
        });
        Assert.False(isWatched);
    }

    [Fact]
    public async Task It_can_be_switched_off_while_it_runs()
    {
        await StartAsync(Options() with { ConfigPaths = [Config("  features: []")] });

        Config("  features: [{ name: HotReload, enabled: false }]");

        await Eventually.TrueAsync(() => _lines.Any(line => line.Contains("hot reload is off", StringComparison.Ordinal)), "the end of hot reload");
    }

    [Fact]
    public async Task Secret_scopes_of_a_configuration_file_change_under_way()
    {
        _folder.Write("secrets.json", """{"key":"value"}""");
        _folder.Write("components/vault.yaml", Component("vault", "secretstores.local.file", ("secretsFile", "secrets.json")));
        await StartAsync(Options() with { ConfigPaths = [Config("  secrets: { scopes: [{ storeName: vault, defaultAccess: allow }] }")] });
        Assert.Equal(HttpStatusCode.OK, await GetAsync("/v1.0/secrets/vault/key"));

        Config("  secrets: { scopes: [{ storeName: vault, defaultAccess: deny }] }");

        await Eventually.TrueAsync(async () => await GetAsync("/v1.0/secrets/vault/key") == HttpStatusCode.Forbidden, "the denial");
    }

    [Fact]
    public async Task Files_that_changed_without_a_word_are_found_at_the_reconciliation()
    {
        var clock = new FakeClock();
        _folder.Write("elsewhere.yaml", "# nothing yet");
        File.CreateSymbolicLink(_folder.File("components/link.yaml"), _folder.File("elsewhere.yaml"));
        await StartAsync(Options() with { Time = clock, ReconcileInterval = TimeSpan.FromSeconds(30) });

        _folder.Write("elsewhere.yaml", Component("store", "state.in-memory"));
        clock.Advance(TimeSpan.FromSeconds(30));

        await Eventually.TrueAsync(async () => await SaveAsync("store") == HttpStatusCode.NoContent, "the store at the far end of the link");
    }

    [Fact]
    public async Task Metadata_lists_components_and_resiliencies_as_they_are_now()
    {
        await StartAsync(Options());

        _folder.Write("components/r.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Resiliency\nmetadata: { name: r }\n");
        _folder.Write("components/store.yaml", Component("store", "state.in-memory"));

        await Eventually.TrueAsync(
            async () =>
            {
                var metadata = JsonNode.Parse(await _client.GetStringAsync("/v1.0/metadata"))!;
                return (string?)metadata["resiliencies"]?[0]?["name"] == "r" && (string?)metadata["components"]?[0]?["name"] == "store";
            },
            "both in the metadata");
    }

    [Fact]
    public async Task A_request_under_way_finishes_on_the_component_that_it_began_with()
    {
        // On a clock that stands still, the request may take as long as it likes.
        var clock = new FakeClock();
        var first = new SlowStore();
        var stores = new Queue<SlowStore>([first, new SlowStore()]);
        _folder.Write("components/store.yaml", Component("store", "state.slow"));
        await StartAsync(Options() with { Time = clock, ReconcileInterval = Reconcile, Catalog = new ComponentCatalog([new ComponentType("state.slow", "v1", stores.Dequeue)]) });

        var request = GetAsync("/v1.0/state/store/key");
        await first.Asked.Task.WithinAsync("the request at the store");
        Replace("components/store.yaml", Component("store", "state.slow", ("changed", "yes")));
        clock.Advance(Reconcile);
        await Eventually.TrueAsync(() => _lines.Any(line => line.Contains("component store (state.slow) changed", StringComparison.Ordinal)), "the reload");

        Assert.False(first.Closed.Task.IsCompleted);
        first.Answers.SetResult();
        Assert.Equal(HttpStatusCode.NoContent, await request.WithinAsync("the answer"));
        await first.Closed.Task.WithinAsync("the end of the old store");
    }

    [Fact]
    public async Task No_request_fails_while_its_component_changes()
    {
        var clock = new FakeClock();
        _folder.Write("components/store.yaml", Store(0));
        await StartAsync(Options() with { Time = clock, ReconcileInterval = Reconcile });
        using var end = new CancellationTokenSource();
        var load = Enumerable.Range(0, 3).Select(_ => SaveUntilAsync(end.Token)).ToArray();

        for (var round = 1; round <= 4; round++)
        {
            _lines.Clear();
            Replace("components/store.yaml", Store(round));
            clock.Advance(Reconcile);
            await Eventually.TrueAsync(() => _lines.Any(line => line.Contains("component store (state.sqlite) changed", StringComparison.Ordinal)), $"reload {round}");
        }

        await end.CancelAsync();
        Assert.All((await Task.WhenAll(load).WithinAsync("the end of the load")).SelectMany(statuses => statuses), status => Assert.Equal(HttpStatusCode.NoContent, status));

        // Another file each time, so that the one before is closed.
        string Store(int round) => Component("store", "state.sqlite", ("connectionString", _folder.File($"state-{round}.db")));
    }

    private async Task<List<HttpStatusCode>> SaveUntilAsync(CancellationToken end)
    {
        var statuses = new List<HttpStatusCode>();
        while (!end.IsCancellationRequested)
            statuses.Add(await SaveAsync("store"));
        return statuses;
    }

    [Fact]
    public async Task A_stop_ends_a_reload_under_way_and_leaves_nothing_open()
    {
        var store = new SlowStore { Starts = new TaskCompletionSource().Task };
        var sidecar = await StartAsync(Options() with { GracefulShutdown = TimeSpan.FromSeconds(30), Catalog = new ComponentCatalog([new ComponentType("state.slow", "v1", () => store)]) });
        _folder.Write("components/store.yaml", Component("store", "state.slow") + "  initTimeout: 10m\n");
        await store.InitCalled.Task.WithinAsync("the reload");

        await sidecar.StopAsync().WithinAsync("the stop");

        Assert.Equal(0, await sidecar.Stopped);
        Assert.True(store.Closed.Task.IsCompleted);
    }

    private async Task<SidecarInstance> StartAsync(SidecarOptions options)
    {
        var sidecar = await _group.StartAsync(options);
        await sidecar.Healthy.WithinAsync("health");
        _client.BaseAddress = new Uri($"http://127.0.0.1:{sidecar.HttpPort}");
        return sidecar;
    }

    private SidecarOptions Options() => new()
    {
        AppId = "me",
        HttpPort = FreePorts.Next(),
        GrpcPort = FreePorts.Next(),
        ResourcesPaths = ["components"],
        BaseDirectory = _folder.Path,
        Environment = new Dictionary<string, string>(),
        LogLine = _lines.Enqueue,
    };

    /// <summary>In one step, so that no reload finds half of it.</summary>
    private void Replace(string file, string text) => File.Move(_folder.Write("next.yaml", text), _folder.File(file), overwrite: true);

    private string Config(string spec) => _folder.Write("config.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: c }}\nspec:\n{spec}\n");

    private static string Component(string name, string type, params (string Name, string Value)[] metadata) =>
        $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec:\n  type: {type}\n  version: v1\n  metadata: [{string.Join(", ", metadata.Select(item => $"{{ name: {item.Name}, value: {item.Value} }}"))}]\n";

    private async Task<HttpStatusCode> SaveAsync(string store)
    {
        using var body = new StringContent("""[{"key":"k","value":1}]""", Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri($"/v1.0/state/{store}", UriKind.Relative), body);
        return response.StatusCode;
    }

    private async Task<HttpStatusCode> GetAsync(string path)
    {
        using var response = await _client.GetAsync(new Uri(path, UriKind.Relative));
        return response.StatusCode;
    }

    /// <summary>A state store that starts and answers when a test says so.</summary>
    private sealed class SlowStore : IStateStore
    {
        public Task Starts { get; set; } = Task.CompletedTask;

        public TaskCompletionSource InitCalled { get; } = new();

        public TaskCompletionSource Asked { get; } = new();

        public TaskCompletionSource Answers { get; } = new();

        public TaskCompletionSource Closed { get; } = new();

        public StateFeatures Features => StateFeatures.None;

        public Task InitAsync(ComponentContext context, CancellationToken cancellationToken)
        {
            InitCalled.TrySetResult();
            return Starts;
        }

        public async ValueTask<StateItem?> GetAsync(string key, StateReadOptions options, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            await Answers.Task.WaitAsync(cancellationToken);
            return Closed.Task.IsCompleted ? throw new InvalidOperationException("closed in use") : null;
        }

        public ValueTask<StateResult> SetAsync(StateUpsert upsert, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<StateResult> DeleteAsync(StateDelete delete, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<StateResult> TransactAsync(IReadOnlyList<StateOperation> operations, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask DisposeAsync()
        {
            Closed.TrySetResult();
            return ValueTask.CompletedTask;
        }
    }
}
