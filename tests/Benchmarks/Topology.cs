using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Benchmarks.Load;
using Benchmarks.Servers;
using TestSupport;
using TestSupport.Brokers;

namespace Benchmarks;

/// <summary>
/// Two apps, each with its sidecar, as <c>dapr run -f</c> starts them: <c>caller</c>, whose API the load asks, and <c>callee</c>, which
/// is also there as <c>guarded</c>, an app-id with policies.
/// </summary>
internal sealed class Topology : IAsyncDisposable
{
    private const string Policies = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: bench }
        spec:
          policies:
            retries: { again: { policy: constant, duration: 1s, maxRetries: 3 } }
            timeouts: { long: 30s }
            circuitBreakers: { breaker: { timeout: 30s, trip: consecutiveFailures >= 5 } }
          targets:
            apps: { guarded: { retry: again, timeout: long, circuitBreaker: breaker } }
            components: { guarded-state: { outbound: { retry: again, timeout: long, circuitBreaker: breaker } } }
        """;

    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TempFolder _folder = new();
    private readonly bool _isolated;
    private readonly ServerSet? _set;
    private BrokerServer? _server;
    private readonly List<TestProcess> _forwarders = [];
    private TestProcess _run = null!;

    private Topology(bool isolated, ServerSet? set) => (_isolated, _set) = (isolated, set);

    /// <summary>The server whose components are measured.</summary>
    public DirectServer? Server => _server is null ? null : new DirectServer(_server.Kind, _server.Metadata);

    public int CallerPort { get; } = FreePorts.Next();

    public int CalleePort { get; } = FreePorts.Next();

    /// <summary>Port of the HTTP API of the caller's sidecar.</summary>
    public int ApiPort { get; } = FreePorts.Next();

    /// <summary>Port of its gRPC API.</summary>
    public int GrpcPort { get; } = FreePorts.Next();

    private int OtherApiPort { get; } = FreePorts.Next();

    private int GuardedPort { get; } = FreePorts.Next();

    private int GuardedApiPort { get; } = FreePorts.Next();

    /// <summary>Port of the first forwarder on the way to the callee: as many of them as processes of sidecars.</summary>
    public int ForwarderPort { get; private set; }

    public IReadOnlyList<int> Forwarders => [.. _forwarders.Select(forwarder => forwarder.Id)];

    /// <summary>The processes that sidecars run in: one when they are co-hosted.</summary>
    public IReadOnlyList<int> Sidecars { get; private set; } = [];

    /// <summary>The callee and the caller.</summary>
    public IReadOnlyList<int> Apps { get; private set; } = [];

    public static async Task<Topology> StartAsync(bool isolated, ServerSet? set)
    {
        var topology = new Topology(isolated, set);
        try
        {
            if (set is not null)
                topology._server = await BrokerServer.StartAsync(set.Kind);
            topology.WriteFiles();
            topology._run = TestProcess.Start("dotnet", [Program("Sidecar.Cli", "dapr"), "run", "-f", topology._folder.Path, .. isolated ? ["--isolated"] : Array.Empty<string>()], topology._folder.Path, topology.Variables);
            await topology.HealthyAsync(topology.ApiPort);
            await topology.HealthyAsync(topology.OtherApiPort);
            await topology.HealthyAsync(topology.GuardedApiPort);
            await topology.FindProcessesAsync();
            await topology.StartForwardersAsync();
            return topology;
        }
        catch
        {
            await topology.DisposeAsync();
            throw;
        }
    }

    public async Task ResetDeliveriesAsync()
    {
        foreach (var port in (int[])[CallerPort, CalleePort])
            (await Http.PostAsync(new Uri($"http://127.0.0.1:{port}/deliveries/reset"), null)).EnsureSuccessStatusCode();
    }

    /// <summary>The callee's report once it has had that many events.</summary>
    public async Task<DeliveryReport> DeliveredAsync(long count)
    {
        return await Eventually.GetAsync(
            async () => await Http.GetFromJsonAsync<DeliveryReport>(new Uri($"http://127.0.0.1:{CalleePort}/deliveries")) is { } report && report.Count >= count ? report : null,
            $"{count} events at the app",
            Patience);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var forwarder in _forwarders)
            await forwarder.DisposeAsync();
        if (_run is not null)
        {
            await _run.SignalAsync("TERM");
            await _run.ExitAsync(TimeSpan.FromSeconds(20));
            await _run.DisposeAsync();
        }

        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    private Dictionary<string, string?> Variables => new() { ["DAPR_RUNTIME_PATH"] = _folder.File("home") };

    private static string Program(string project, string name) => RepositoryRoot.Combine("artifacts", "bin", project, "release", name + ".dll");

    private void WriteFiles()
    {
        var components = Components().ToList();
        foreach (var (name, type, fields) in components)
        {
            var metadata = string.Join(", ", fields.Select(field => $"{{ name: {field.Key}, value: {JsonSerializer.Serialize(field.Value)} }}"));
            _folder.Write($"resources/{name}.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {{ name: {name} }}\nspec: {{ type: {type.Split('/')[0]}, version: {type.Split('/')[1]}, metadata: [{metadata}] }}\n");
        }

        _folder.Write("resources/resiliency.yaml", Policies);
        var pubsubs = string.Join(',', components.Where(component => component.Type.StartsWith("pubsub.", StringComparison.Ordinal)).Select(component => component.Name));
        var server = _set?.Events is null ? "" : JsonSerializer.Serialize(Server);
        var app = typeof(Topology).Assembly.Location;
        _folder.Write("dapr.yaml", $"""
            version: 1
            common: {"{"} resourcesPath: ./resources, appLogDestination: file, daprdLogDestination: file, env: {"{"} {BenchApp.PubSubs}: "{pubsubs}" {"}"} {"}"}
            apps:
              - {"{"} appID: caller, appDirPath: ., appPort: {CallerPort}, daprHTTPPort: {ApiPort}, daprGRPCPort: {GrpcPort}, command: [dotnet, {app}, app] {"}"}
              - {"{"} appID: callee, appDirPath: ., appPort: {CalleePort}, daprHTTPPort: {OtherApiPort}, command: [dotnet, {app}, app], env: {"{"} {BenchApp.Server}: {JsonSerializer.Serialize(server)}, {BenchApp.MorePort}: "{GuardedPort}" {"}"} {"}"}
              - {"{"} appID: guarded, appDirPath: ., appPort: {GuardedPort}, daprHTTPPort: {GuardedApiPort}, dependsOn: [callee] {"}"}

            """);
    }

    // Events go to the callee alone, so that each is delivered once.
    private IEnumerable<(string Name, string Type, Dictionary<string, string> Fields)> Components()
    {
        Dictionary<string, string> callee = new() { ["subscriptionScopes"] = "caller=" };
        if (_set is not null)
        {
            if (_set.State is not null)
                yield return (ServerSet.StateComponent, _set.State, _server!.Metadata);
            if (_set.Events is not null)
                yield return (ServerSet.EventsComponent, _set.Events, callee.Concat(_server!.Metadata).Concat(_set.EventsFields).ToDictionary());
            yield break;
        }

        yield return ("memory-state", "state.in-memory/v1", []);
        yield return ("guarded-state", "state.in-memory/v1", []);
        yield return ("sqlite-state", "state.sqlite/v1", new() { ["connectionString"] = "data/state.db" });
        yield return ("sqlite-events", "pubsub.sqlite/v1", new(callee) { ["connectionString"] = "data/events.db" });
        if (!_isolated)
            yield return ("memory-events", "pubsub.in-memory/v1", callee);
    }

    private async Task HealthyAsync(int apiPort)
    {
        var healthy = Eventually.TrueAsync(() => IsHealthyAsync(apiPort), $"a healthy sidecar at port {apiPort}", Patience);
        var ended = _run.ExitAsync(Patience);
        if (await Task.WhenAny(healthy, ended) == ended)
            throw new BenchException($"dapr run ended:\n{_run.Output}");
        await healthy;
    }

    private static async Task<bool> IsHealthyAsync(int apiPort)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri($"http://127.0.0.1:{apiPort}/v1.0/healthz"));
            return answer.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task StartForwardersAsync()
    {
        ForwarderPort = CalleePort;
        foreach (var _ in Sidecars)
        {
            var port = FreePorts.Next();
            _forwarders.Add(TestProcess.Start("dotnet", [typeof(Topology).Assembly.Location, "forward", $"{port}", $"{ForwarderPort}"], _folder.Path));
            ForwarderPort = port;
        }

        await Eventually.GetAsync(() => Http.GetStringAsync(new Uri($"http://127.0.0.1:{ForwarderPort}/document"))!, "an answer through the forwarders", Patience);
    }

    private async Task FindProcessesAsync()
    {
        await using var list = TestProcess.Start("dotnet", [Program("Sidecar.Cli", "dapr"), "list", "-o", "json"], _folder.Path, Variables);
        await list.ExitAsync(Patience);
        var rows = JsonDocument.Parse(list.Output).RootElement.EnumerateArray().Where(row => row.GetProperty("appId").GetString() != "guarded").OrderBy(row => row.GetProperty("appId").GetString(), StringComparer.Ordinal).ToArray();
        Sidecars = [.. rows.Select(row => row.GetProperty("daprdPid").GetInt32()).Distinct()];
        Apps = [.. rows.Select(row => row.GetProperty("appPid").GetInt32())];
    }
}
