using Sidecar.Testing.Apps;
using Sidecar.Testing.Sidecars;

namespace Sidecar.Testing;

/// <summary>One app of a <see cref="DaprTestHost"/> with its sidecar.</summary>
public sealed class DaprTestApp
{
    private readonly ITestApp _app;
    private readonly ISidecarRunner _sidecar;
    private readonly AppSurroundings _surroundings;
    private readonly Action _onSidecarDown;
    private readonly HttpClient? _client;
    private readonly Func<Func<CancellationToken, Task>, string, Task> _await;

    internal DaprTestApp(
        AppSurroundings surroundings, ITestApp app, ISidecarRunner sidecar, HttpClient sidecarClient, int httpPort, int grpcPort,
        Action onSidecarDown, Func<Func<CancellationToken, Task>, string, Task> awaits)
    {
        (_surroundings, _app, _sidecar, _onSidecarDown, _await) = (surroundings, app, sidecar, onSidecarDown, awaits);
        (Sidecar, HttpPort, GrpcPort) = (sidecarClient, httpPort, grpcPort);
        if (AppPort > 0)
            _client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{AppPort}") };
    }

    /// <summary>App-id.</summary>
    public string AppId => _surroundings.AppId;

    /// <summary>Where the app listens, on the loopback address; 0 = there is none.</summary>
    public int AppPort => _surroundings.Port;

    /// <summary>Port of the sidecar's HTTP API, the same after a restart.</summary>
    public int HttpPort { get; }

    /// <summary>Port of the sidecar's gRPC API, the same after a restart.</summary>
    public int GrpcPort { get; }

    /// <summary>For a Dapr client of the test's own: <c>new DaprClientBuilder().UseHttpEndpoint(app.HttpEndpoint)</c>.</summary>
    public string HttpEndpoint => $"http://127.0.0.1:{HttpPort}";

    /// <summary>The sidecar's gRPC API, HTTP/2 without TLS: for a Dapr client of the test's own that speaks gRPC, in whatever language it is.</summary>
    public string GrpcEndpoint => $"http://127.0.0.1:{GrpcPort}";

    /// <summary>Calls the app itself, not through any sidecar. Owned by the host.</summary>
    /// <exception cref="InvalidOperationException">There is no app.</exception>
    public HttpClient Client => _client ?? throw new InvalidOperationException($"'{AppId}' is a sidecar without an app.");

    /// <summary>Calls the sidecar's API, with its token if it asks for one: <c>Sidecar.GetAsync("/v1.0/metadata")</c>. Owned by the host.</summary>
    public HttpClient Sidecar { get; }

    /// <summary>The app's own services, such as its <c>DaprClient</c>.</summary>
    /// <exception cref="InvalidOperationException">The app does not run in this process.</exception>
    public IServiceProvider Services => _app.Services ?? throw new InvalidOperationException($"The app '{AppId}' does not run in this process.");

    /// <summary>
    /// The death of the sidecar's process: it reaches neither app nor components any more, acknowledges nothing, and gives up what
    /// is under way. The app lives on.
    /// </summary>
    public async Task CrashSidecarAsync()
    {
        await _sidecar.CrashAsync().ConfigureAwait(false);
        _onSidecarDown();
    }

    /// <summary>The sidecar's graceful shutdown: no new messages, those under way are finished.</summary>
    public async Task StopSidecarAsync()
    {
        await _sidecar.StopAsync().ConfigureAwait(false);
        _onSidecarDown();
    }

    /// <summary>Starts the sidecar again, on the same ports, and waits until it is healthy.</summary>
    /// <exception cref="TimeoutException">It did not become healthy; the message holds the log.</exception>
    public Task StartSidecarAsync() => _await(
        async token =>
        {
            await _sidecar.StartAsync(token).ConfigureAwait(false);
            await _sidecar.HealthyAsync(token).ConfigureAwait(false);
        },
        $"the sidecar of {AppId} to be healthy again");

    internal Task StartServingAsync(CancellationToken cancellationToken) => _sidecar.StartAsync(cancellationToken);

    internal Task StartAppAsync(CancellationToken cancellationToken) => _app.StartAsync(_surroundings, cancellationToken);

    internal Task HealthyAsync(CancellationToken cancellationToken) => _sidecar.HealthyAsync(cancellationToken);

    internal Task StopAsync() => _sidecar.DisposeAsync().AsTask();

    internal async Task DisposeAppAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        _client?.Dispose();
        Sidecar.Dispose();
    }
}
