using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// One running sidecar. Its life (contract 1.4): (1) read the resources; (2) start the components; (3) serve the API;
/// (4) wait for the app, ask it, subscribe: healthy; (5) on stop: subscriptions end, requests under way finish, components close.
/// </summary>
public sealed class SidecarInstance : IAsyncDisposable
{
    private readonly SidecarGroup _group;
    private readonly SidecarOptions _options;
    private readonly ComponentRegistry _components = new();
    private readonly SidecarState _state = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _stopLock = new();
    private readonly HttpAppChannel _app;
    private readonly LocalPeer _peer;
    private readonly long _began = Stopwatch.GetTimestamp();
    private WebApplication? _host;
    private NameRegistry? _registry;
    private ILogger? _logger;
    private Task _appLife = Task.CompletedTask;
    private Task? _stop;

    private SidecarInstance(SidecarGroup group, SidecarOptions options)
    {
        _group = group;
        _options = options;
        _app = new HttpAppChannel(options);
        _peer = new LocalPeer(options.AppId, _app);
        // Nobody need look at Healthy.
        _healthy.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public string AppId => _options.AppId;

    /// <summary>Port of the HTTP API, as bound.</summary>
    public int HttpPort => _options.HttpPort;

    /// <summary>Port of the gRPC API. Nothing speaks gRPC yet; the port is kept free for it and told to the app.</summary>
    public int GrpcPort => _options.GrpcPort;

    /// <summary>Completes when the app answers, both questions to it are done and subscriptions run; fails if the sidecar stops before.</summary>
    public Task Healthy => _healthy.Task;

    /// <summary>Completes when the sidecar has stopped, with its exit code: 0 after a graceful stop, 1 after a fatal error or a forced shutdown.</summary>
    public Task<int> Stopped => _stopped.Task;

    /// <summary>Adds to the extended metadata (<c>appPID</c> is known only after the app has started).</summary>
    public void SetExtendedMetadata(string name, string value) => _host?.Services.GetRequiredService<MetadataEngine>().Set(name, value);

    /// <summary>Graceful stop: no new messages, those under way finish, listeners close. Later calls await the first.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => BeginStop(0).WaitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _app.Dispose();
    }

    internal static async Task<SidecarInstance> StartAsync(SidecarGroup group, SidecarOptions options, CancellationToken cancellationToken)
    {
        var instance = new SidecarInstance(group, OptionRules.Check(options));
        try
        {
            await instance.StartAsync(cancellationToken).ConfigureAwait(false);
            return instance;
        }
        catch
        {
            await instance.BeginStop(1).ConfigureAwait(false);
            throw;
        }
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // 1. Resources.
        var resources = SidecarResources.Load(_options);

        // 2. Components. The host is built first, because they log through it; it serves nothing yet.
        var internalPort = _options.NameRegistryFile is null ? 0 : _options.InternalPort > 0 ? _options.InternalPort : PortOwner.FindFree();
        _registry = _options.NameRegistryFile is not null ? await NameRegistry.OpenAsync(_options, cancellationToken).ConfigureAwait(false) : null;
        _host = SidecarApplication.Build(new SidecarParts(
            _options, resources, _components, _app, new NameResolver(_options, _peer, _group.Directory, _registry), _state, new ShutdownRequest(OnShutdownRequested), internalPort));
        var loggers = _host.Services.GetRequiredService<ILoggerFactory>();
        _logger = loggers.CreateLogger<SidecarInstance>();
        _logger.Starting(RuntimeVersion.Dapr, RuntimeVersion.Own);
        foreach (var problem in resources.Problems)
            _logger.ResourceProblemFound(problem.ToString());
        await new ComponentLoader(_options, _group.Shared, _components, loggers).LoadAsync(resources, cancellationToken).ConfigureAwait(false);
        foreach (var feature in Features)
            await feature.OnComponentsLoadedAsync(cancellationToken).ConfigureAwait(false);

        // 3. API.
        await ServeAsync(internalPort, cancellationToken).ConfigureAwait(false);
        _group.Directory.Add(AppId, _peer);
        if (_registry is not null)
            await _registry.RegisterAsync(AppId, internalPort, cancellationToken).ConfigureAwait(false);
        _state.OutboundReady = true;
        _logger.Serving(HttpPort);

        // 4. App, in the background: apps start after all sidecars serve.
        _appLife = RunAppLifeAsync(_stopping.Token);
    }

    private async Task ServeAsync(int internalPort, CancellationToken cancellationToken)
    {
        try
        {
            await _host!.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (IOException busy)
        {
            var port = internalPort > 0 && !PortOwner.IsFree(internalPort) && PortOwner.IsFree(HttpPort) ? internalPort : HttpPort;
            throw new SidecarStartException(
                $"sidecar of {AppId} cannot listen on port {port}: it is in use by {PortOwner.Describe(port)}; stop that, or choose another port ({(port == HttpPort ? "--dapr-http-port, daprHTTPPort" : "--dapr-internal-grpc-port, daprInternalGRPCPort")})", busy);
        }
    }

    private IEnumerable<ISidecarFeature> Features => _host!.Services.GetServices<ISidecarFeature>();

    private async Task RunAppLifeAsync(CancellationToken stopping)
    {
        try
        {
            if (_options.HasApp)
                await _host!.Services.GetRequiredService<AppProbe>().WaitForAppAsync(stopping).ConfigureAwait(false);
            foreach (var feature in Features)
                await feature.OnAppReadyAsync(stopping).ConfigureAwait(false);
            _state.Ready = true;
            _logger!.Initialized((long)Stopwatch.GetElapsedTime(_began).TotalMilliseconds);
            _healthy.TrySetResult();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId} was stopped before its app was ready"));
        }
        catch (Exception failure)
        {
            _logger!.Fatal(failure.Message);
            _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId}: {failure.Message}", failure));
            _ = BeginStop(1);
        }
    }

    private void OnShutdownRequested(bool force) => _ = BeginStop(force ? 1 : 0);

    private Task BeginStop(int exitCode)
    {
        lock (_stopLock)
            return _stop ??= Task.Run(() => StopCoreAsync(exitCode));
    }

    // 5. Stop. Every step runs even if one before it failed, and all of them share one limit.
    private async Task StopCoreAsync(int exitCode)
    {
        _logger?.Stopping();
        _state.Ready = _state.OutboundReady = false;
        using var limit = new CancellationTokenSource();
        if (_options.GracefulShutdown > TimeSpan.Zero)
            limit.CancelAfter(_options.GracefulShutdown);

        await _stopping.CancelAsync().ConfigureAwait(false);
        await AttemptAsync(() => _appLife).ConfigureAwait(false);
        if (_host is not null)
        {
            foreach (var feature in Features.Reverse())
                await AttemptAsync(() => feature.OnStoppingAsync(limit.Token).WaitAsync(limit.Token)).ConfigureAwait(false);
        }

        _group.Directory.Remove(AppId, _peer);
        if (_registry is not null)
            await AttemptAsync(() => _registry.DisposeAsync().AsTask()).ConfigureAwait(false);
        if (_host is not null)
            await AttemptAsync(() => _host.StopAsync(limit.Token)).ConfigureAwait(false);
        foreach (var loaded in _components.All)
            await AttemptAsync(() => loaded.Component.DisposeAsync().AsTask()).ConfigureAwait(false);

        if (limit.IsCancellationRequested)
        {
            _logger?.GraceExceeded();
            exitCode = 1;
        }
        else if (exitCode == 0)
        {
            _logger?.Stopped();
        }

        if (_host is not null)
            await AttemptAsync(() => _host.DisposeAsync().AsTask()).ConfigureAwait(false);
        _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId} has stopped"));
        _group.Forget(this);
        _stopped.TrySetResult(exitCode);
    }

    private async Task AttemptAsync(Func<Task> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The limit is over, which is told once at the end.
        }
        catch (Exception failure)
        {
            _logger?.StopFailed(failure.Message);
        }
    }
}
