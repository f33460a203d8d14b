using System.Diagnostics;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sidecar.Components;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Faults;
using Sidecar.Runtime.Hosting.Reload;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.Middleware;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Security;

namespace Sidecar.Runtime.Hosting;

/// <summary>
/// One running sidecar. Its life (contract 1.4): (1) read the resources; (2) start the components; (3) serve the API;
/// (4) wait for the app, ask it, subscribe: healthy; (5) on stop: subscriptions end, requests under way finish, components close.
/// </summary>
public sealed class SidecarInstance : IAsyncDisposable
{
    /// <summary>How long a forced shutdown waits (contract 2.17).</summary>
    private static readonly TimeSpan ForcedGrace = TimeSpan.FromMilliseconds(100);

    /// <summary>For closing components and listeners after the time for a graceful stop.</summary>
    private static readonly TimeSpan CleanUpGrace = TimeSpan.FromSeconds(1);

    private readonly SidecarGroup _group;
    private readonly SidecarOptions _options;
    private readonly ComponentRegistry _components = new();
    private readonly SidecarState _state = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _blockEnds = new();
    private readonly CancellationTokenSource _grace;
    private readonly StopSteps _steps;
    private readonly TaskCompletionSource _startEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _healthy = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _stopLock = new();
    private readonly AppConnection _app;
    private readonly LocalPeer _peer;
    private readonly long _began = Stopwatch.GetTimestamp();
    private WebApplication? _host;
    private MetadataEngine? _metadata;
    private FeatureTurns? _turns;
    private HotReload? _reload;
    private SidecarNames? _names;
    private SidecarIdentity _identity = SidecarIdentity.None;
    private ILogger? _logger;
    private AppLife? _appLife;
    private Task _livingApp = Task.CompletedTask;
    private Task? _stop;
    private int _exitCode;
    private volatile bool _isForced;

    private SidecarInstance(SidecarGroup group, SidecarOptions options)
    {
        _group = group;
        _options = options;
        _grace = new CancellationTokenSource(Timeout.InfiniteTimeSpan, options.Time);
        _steps = new StopSteps(_grace.Token);
        _app = new AppConnection(options);
        _peer = new LocalPeer(options, _app.Channel, _app.Grpc);
        // Nobody need look at Healthy.
        _healthy.Task.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    public string AppId => _options.AppId;

    /// <summary>Port of the HTTP API, as bound.</summary>
    public int HttpPort => _options.HttpPort;

    /// <summary>Port of the gRPC API, as bound.</summary>
    public int GrpcPort => _options.GrpcPort;

    /// <summary>Completes when the app answers, both questions to it are done and subscriptions run; fails if the sidecar stops before.</summary>
    public Task Healthy => _healthy.Task;

    /// <summary>Completes when the sidecar has stopped, with its exit code: 0 after a graceful stop, 1 after a fatal error or a forced shutdown.</summary>
    public Task<int> Stopped => _stopped.Task;

    /// <summary>For tests that look inside.</summary>
    internal IServiceProvider Services => _host?.Services ?? throw new InvalidOperationException("the sidecar has not been built");

    /// <summary>Adds to the extended metadata (<c>appPID</c> is known only after the app has started). Another <c>appPID</c> than before: the app is asked again.</summary>
    public void SetExtendedMetadata(string name, string value) => _metadata?.Set(name, value);

    /// <summary>What in its files, as they are now, would keep it from starting again; empty = nothing that can be known before.</summary>
    public IReadOnlyList<ResourceProblem> RestartProblems() => SidecarResources.ProblemsOfStart(_options);

    /// <summary>Graceful stop: no new messages, those under way finish, listeners close; with <see cref="SidecarOptions.BlockShutdown"/> not before that. Later calls await the first.</summary>
    public Task StopAsync(CancellationToken cancellationToken = default) => BeginStop(0, mayBlock: true).WaitAsync(cancellationToken);

    /// <summary>Ends it as a forced shutdown does (contract 2.17): what is under way is given up.</summary>
    public Task KillAsync()
    {
        OnShutdownRequested(force: true);
        return StopAsync();
    }

    /// <summary>Stops it at once, whatever <see cref="SidecarOptions.BlockShutdown"/> says: its owner needs it no more, or restarts it.</summary>
    public async ValueTask DisposeAsync()
    {
        await BeginStop(0).ConfigureAwait(false);
        _stopping.Dispose();
        _grace.Dispose();
        _blockEnds.Dispose();
        _app.Dispose();
        _identity.Tls?.Dispose();
    }

    internal static async Task<SidecarInstance> StartAsync(SidecarGroup group, SidecarOptions options, CancellationToken cancellationToken)
    {
        var instance = new SidecarInstance(group, FaultInjection.Apply(OptionRules.Check(options)));
        group.Add(instance);
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, instance._stopping.Token);
        try
        {
            await instance.StartAsync(starting.Token).ConfigureAwait(false);
            instance._startEnded.SetResult();
            return instance;
        }
        catch (Exception failure)
        {
            throw await instance.GiveUpStartAsync(failure, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<Exception> GiveUpStartAsync(Exception failure, CancellationToken cancellationToken)
    {
        var isStopped = failure is OperationCanceledException && _stopping.IsCancellationRequested;
        var isCancelled = failure is OperationCanceledException && cancellationToken.IsCancellationRequested;
        var told = isStopped ? new SidecarStartException($"sidecar of {AppId} was stopped while it started", failure)
            : failure as SidecarStartException ?? new SidecarStartException($"sidecar of {AppId}: {failure.Message}", failure);
        if (!isStopped && !isCancelled && _logger is not null)
        {
            _logger.Fatal(told.Message);
            told.IsLogged = true;
        }

        _startEnded.SetResult();
        await BeginStop(isStopped || isCancelled ? 0 : 1).ConfigureAwait(false);
        return isCancelled ? failure : told;
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        // 1. Resources.
        var resources = SidecarResources.Load(_options);

        // 2. Components. The host is built first, because they log through it; it serves nothing yet.
        _identity = SidecarIdentity.Of(_options, resources.Configuration.AccessControl.TrustDomain, () => _group.Authority);
        _names = await SidecarNames.OpenAsync(_options, resources.Configuration.NameResolution, _identity.Tls, cancellationToken).ConfigureAwait(false);
        var listeners = new SidecarListeners(_options, _names.Registry is not null, _identity.Tls, who => _logger?.PeerRefused(who));
        var services = Build(resources, listeners);
        Tell(resources, listeners);
        await services.GetRequiredService<ComponentLoader>().LoadAsync(resources, cancellationToken).ConfigureAwait(false);
        await _turns!.TellAsync(static (feature, token) => feature.OnComponentsLoadedAsync(token), cancellationToken).ConfigureAwait(false);
        _reload = services.GetRequiredService<HotReload>();
        _reload.Start();

        // 3. API.
        await ServeAsync(listeners, cancellationToken).ConfigureAwait(false);
        _group.Directory.Add(AppId, _peer);
        if (listeners.Internal is { } inner)
            await _names.RegisterAsync(inner.Address, inner.Port, Fail, _logger!, cancellationToken).ConfigureAwait(false);
        _state.OutboundReady = true;
        if (listeners.SocketFile is { } file)
            _logger!.ServingSocket(file, listeners.GrpcSocketFile);
        else
            _logger!.Serving(HttpPort, GrpcPort);

        // 4. App, in the background: apps start after all sidecars serve.
        _livingApp = RunAppLifeAsync(_stopping.Token);
    }

    private IServiceProvider Build(ResourceSet resources, SidecarListeners listeners)
    {
        _host = SidecarApplication.Build(new SidecarParts(
            _options, resources, _group.Shared, _components, _app, new NameResolver(_options, _peer, _group.Directory, _names?.Registry), _identity, _state, new ShutdownRequest(OnShutdownRequested), listeners));
        var services = _host.Services;
        _metadata = services.GetRequiredService<MetadataEngine>();
        _peer.Access = services.GetRequiredService<AccessControl>();
        var pipelines = services.GetRequiredService<HttpPipelines>();
        _app.Use(() => pipelines.App);
        _turns = services.GetRequiredService<FeatureTurns>();
        _steps.Logger = _logger = services.GetRequiredService<ILogger<SidecarInstance>>();
        _appLife = new AppLife(_options, _app, services.GetRequiredService<AppProbe>(), services.GetRequiredService<AppRestarts>(), _turns, _state, OnServing, services.GetRequiredService<ILogger<AppLife>>());
        return services;
    }

    private void Tell(ResourceSet resources, SidecarListeners listeners)
    {
        var logger = _logger!;
        logger.Starting(RuntimeVersion.Dapr, RuntimeVersion.Own);
        if (_options.FaultsFile is { } faults)
            logger.InjectingFaults(faults);
        if (_names?.Failure is { } failure)
            logger.NoNameRegistry(failure.Message);
        foreach (var address in listeners.LeftOut)
            logger.AddressLeftOut(address.ToString());
        foreach (var problem in resources.Problems)
            logger.ResourceProblemFound(problem.ToString());
    }

    private void OnServing() => _logger!.Initialized((long)Stopwatch.GetElapsedTime(_began).TotalMilliseconds);

    private async Task ServeAsync(SidecarListeners listeners, CancellationToken cancellationToken)
    {
        try
        {
            await _host!.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            throw listeners.Explain(failure);
        }
    }

    private async Task RunAppLifeAsync(CancellationToken stopping)
    {
        try
        {
            await _appLife!.BecomeReadyAsync(stopping).ConfigureAwait(false);
            _healthy.TrySetResult();
            await _appLife.FollowAsync(stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId} was stopped before its app was ready"));
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    /// <summary>An error that no sidecar survives.</summary>
    private void Fail(Exception failure)
    {
        _logger!.Fatal(failure.Message);
        _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId}: {failure.Message}", failure));
        _ = BeginStop(1);
    }

    private void OnShutdownRequested(bool force)
    {
        if (!force)
        {
            _ = BeginStop(0);
            return;
        }

        _isForced = true;
        _ = BeginStop(1);
        lock (_stopLock)
            _grace.CancelAfter(ForcedGrace);
    }

    /// <param name="mayBlock">Asked from outside, so that <c>--dapr-block-shutdown-duration</c> counts; any other reason ends such a block.</param>
    private Task BeginStop(int exitCode, bool mayBlock = false)
    {
        lock (_stopLock)
        {
            _exitCode = Math.Max(_exitCode, exitCode);
            var block = mayBlock && _state.OutboundReady ? _options.BlockShutdown : null;
            if (_stop is null && block is null)
                StartGrace();
            if (!mayBlock && _stop is not null)
                _ = _blockEnds.CancelAsync();
            return _stop ??= Task.Run(() => StopCoreAsync(block));
        }
    }

    private void StartGrace()
    {
        lock (_stopLock)
        {
            if (!_isForced && _options.GracefulShutdown > TimeSpan.Zero)
                _grace.CancelAfter(_options.GracefulShutdown);
        }
    }

    // 5. Stop.
    private async Task StopCoreAsync(TimeSpan? block)
    {
        _logger?.Stopping();
        await _steps.TakeAsync(_stopping.CancelAsync).ConfigureAwait(false);
        // What a start still does, it must not do after it was undone here.
        await _steps.TakeAsync(() => _startEnded.Task).ConfigureAwait(false);
        await _steps.TakeAsync(() => _livingApp).ConfigureAwait(false);
        if (_reload is not null)
            await _steps.TakeAsync(() => _reload.StopAsync(_grace.Token)).ConfigureAwait(false);
        var features = StopFeaturesAsync();
        if (block is { } duration)
        {
            await _appLife!.BlockShutdownAsync(duration, _blockEnds.Token).ConfigureAwait(false);
            StartGrace();
        }

        _state.Ready = _state.OutboundReady = false;
        await features.ConfigureAwait(false);
        if (_appLife is not null)
            await _steps.TakeAsync(_appLife.EndProbesAsync).ConfigureAwait(false);

        // Found no more from here on. Calls under way end with the host, and need their connections until then.
        _group.Directory.Remove(AppId, _peer);
        if (_names is not null)
            await _steps.TakeAsync(_names.UnregisterAsync).ConfigureAwait(false);
        if (_host is not null)
            await _steps.TakeAsync(() => _host.StopAsync(_grace.Token)).ConfigureAwait(false);
        _names?.Dispose();
        await CleanUpAsync().ConfigureAwait(false);
        Finish();
    }

    // All of them at once: one that waits for what is under way must not let another go on taking messages.
    private Task StopFeaturesAsync() =>
        Task.WhenAll((_turns?.Features.Reverse() ?? []).Select(feature => _steps.TakeAsync(() => feature.OnStoppingAsync(_grace.Token))));

    // Closing files is worth a moment also when time is over, unless the shutdown is forced.
    private async Task CleanUpAsync()
    {
        using var limit = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _options.Time);
        using var onGraceOver = _grace.Token.Register(() => limit.CancelAfter(_isForced ? TimeSpan.Zero : CleanUpGrace));

        // Users before used: a component may lean on one that was loaded before it.
        foreach (var loaded in _components.All.Reverse())
            await _steps.TakeAsync(() => loaded.Component.DisposeAsync().AsTask(), limit.Token).ConfigureAwait(false);
        if (_host is not null)
            await _steps.TakeAsync(() => _host.DisposeAsync().AsTask(), limit.Token).ConfigureAwait(false);
    }

    private void Finish()
    {
        if (_isForced)
            _logger?.Forced();
        else if (_grace.IsCancellationRequested)
            _logger?.GraceExceeded();
        else if (_exitCode == 0)
            _logger?.Stopped();
        _healthy.TrySetException(new SidecarStartException($"sidecar of {AppId} has stopped"));
        _group.Forget(this);
        _stopped.TrySetResult(_grace.IsCancellationRequested ? 1 : _exitCode);
    }
}
