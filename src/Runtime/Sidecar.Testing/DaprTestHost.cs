using Sidecar.Runtime.Hosting;
using Sidecar.Testing.Observing;

namespace Sidecar.Testing;

/// <summary>
/// Apps with their Dapr sidecars inside a test: on free ports, with any components, and nothing installed.
/// <code>
/// await using var dapr = await DaprTestHost.StartAsync(host => host
///     .InMemory()
///     .App&lt;Program&gt;("orders")
///     .App("billing", app => app.MapPost("/bill", () => Results.Ok()))
///     .Subscription("billing", topic: "orders", route: "/bill"));
///
/// await dapr["orders"].Client.PostAsJsonAsync("/orders", new { Sku = "tea" });
///
/// var message = await dapr.DeliveredAsync("pubsub", "orders", to: "billing");
/// Assert.Equal("tea", message.Data&lt;Order&gt;()!.Sku);
/// </code>
/// <para>
/// <b>What a test gets.</b> <see cref="this[string]"/>: each app's ports and clients. Awaitable events: <see cref="DeliveredAsync"/>,
/// <see cref="DeadLetteredAsync"/>, <see cref="PublishedAsync"/>, <see cref="StateSavedAsync"/>, <see cref="AppHealthyAsync"/>. What
/// happened before the await counts too, and every event is given to one await only. <see cref="Clock"/>: time that the test moves.
/// <see cref="Faults"/>: apps and components that fail on purpose, so many times and no more. <see cref="Log"/> and
/// <see cref="Spans"/>: what was logged and traced. <see cref="DaprTestApp.CrashSidecarAsync"/>: the death of a sidecar.
/// </para>
/// <para>
/// <b>What a failure tells.</b> A wait that is over names what was awaited, what happened instead, and the end of the log.
/// </para>
/// <para>
/// <b>Many at once.</b> Hosts share nothing: ports, files, brokers, stores, clocks and spans are each one's own. Tests may run in
/// parallel.
/// </para>
/// <para>
/// <b>Against another daprd.</b> With the environment variable SIDECAR_TESTING_DAPRD set to the path of a <c>daprd</c>, or with
/// <see cref="DaprTestHostBuilder.UseDaprd"/>, every sidecar is a process of that program instead, started with the official flags
/// and the same YAML. What looks into a sidecar (events, spans, faults, a fake clock) then throws
/// <see cref="NotSupportedException"/>; a test that needs it asks <see cref="RunsDaprd"/> and skips itself.
/// </para>
/// </summary>
public sealed class DaprTestHost : IAsyncDisposable
{
    /// <summary>Environment variable with the path of a <c>daprd</c> to test against, in place of sidecars in the test's process.</summary>
    public const string DaprdVariable = "SIDECAR_TESTING_DAPRD";

    private const int EventCapacity = 10_000;
    private const int LinesTold = 60;
    private const int EventsTold = 30;

    private readonly History<SidecarEvent> _events = new(EventCapacity);
    private readonly Dictionary<string, DaprTestApp> _apps = new(StringComparer.Ordinal);
    private readonly SidecarGroup _group = new();
    private readonly TestFolder _folder = new();
    private readonly Patience _patience;
    private readonly FaultPlan _faults;
    private readonly CapturedSpans _spans;
    private readonly string? _daprd;
    private readonly FakeClock? _clock;

    private DaprTestHost(DaprTestHostBuilder builder)
    {
        _patience = new Patience(builder.Limit, Report);
        (_daprd, _clock) = (builder.Daprd, builder.Clock);
        _faults = new FaultPlan(_patience);
        _spans = new CapturedSpans(builder.SpanSources, _patience);
        Log = new CapturedLog(_patience);
    }

    /// <summary><see cref="DaprdVariable"/> is set: a test that needs what only a sidecar in its own process has should skip itself.</summary>
    public static bool RunsDaprd => DaprdOfEnvironment is not null;

    /// <summary>All apps, in the order in which they were named.</summary>
    public IReadOnlyCollection<DaprTestApp> Apps => _apps.Values;

    /// <summary>What sidecars and apps have logged.</summary>
    public CapturedLog Log { get; }

    /// <summary>The working directory of the sidecars, gone with the host.</summary>
    public string Folder => _folder.FullPath;

    /// <summary>The last 10,000 events of the sidecars, oldest first.</summary>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public IReadOnlyList<SidecarEvent> Events => InProcess("events", _events).All;

    /// <summary>What sidecars and apps have traced.</summary>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public CapturedSpans Spans => InProcess("spans", _spans);

    /// <summary>Lets calls to apps and components fail.</summary>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public FaultPlan Faults => InProcess("faults", _faults);

    /// <summary>Moves the time of sidecars, components and apps.</summary>
    /// <exception cref="InvalidOperationException">The host has no fake clock.</exception>
    public FakeClock Clock => _clock ?? throw new InvalidOperationException($"This host runs on real time; start it with {nameof(DaprTestHostBuilder.WithFakeClock)}().");

    internal static string? DaprdOfEnvironment => Environment.GetEnvironmentVariable(DaprdVariable) is { Length: > 0 } path ? path : null;

    /// <summary>An app with its sidecar.</summary>
    /// <exception cref="KeyNotFoundException">There is no such app.</exception>
    public DaprTestApp this[string appId] =>
        _apps.TryGetValue(appId, out var app) ? app : throw new KeyNotFoundException($"There is no app '{appId}'; there are: {string.Join(", ", _apps.Keys)}.");

    /// <summary>Starts all sidecars, then all apps, and returns once all are healthy: apps answer and their subscriptions run.</summary>
    /// <param name="configure">Names apps and components.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    /// <exception cref="InvalidOperationException">Something cannot start. The message says what, with the log; nothing is left running.</exception>
    /// <exception cref="NotSupportedException">The host needs what a <c>daprd</c> process cannot give.</exception>
    public static async Task<DaprTestHost> StartAsync(Action<DaprTestHostBuilder> configure, CancellationToken cancellationToken = default)
    {
        var builder = new DaprTestHostBuilder();
        configure(builder);
        DaprdLimits.Check(builder);
        var host = new DaprTestHost(builder);
        try
        {
            await host.StartAsync(builder, cancellationToken).ConfigureAwait(false);
            return host;
        }
        catch (Exception failure)
        {
            await host.DisposeAsync().ConfigureAwait(false);
            if (failure is OperationCanceledException or TimeoutException or FileNotFoundException)
                throw;
            throw new InvalidOperationException($"The host cannot start: {failure.Message}{Environment.NewLine}{host.Report()}", failure);
        }
    }

    /// <summary>The next message of the topic that an app has taken, or, with a match that says so, refused.</summary>
    /// <param name="pubsubName">Component.</param>
    /// <param name="topic">As the app knows it.</param>
    /// <param name="match">Which; null = any that was a success.</param>
    /// <param name="to">App-id of who took it; null = anybody.</param>
    /// <param name="within">In real time; null = the host's patience.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was none; the message says what happened instead, with the log.</exception>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public Task<MessageDelivered> DeliveredAsync(
        string pubsubName, string topic, Func<MessageDelivered, bool>? match = null, string? to = null, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        EventAsync<MessageDelivered>(
            $"a delivery of {pubsubName}/{topic}{(to is null ? "" : $" to {to}")}",
            message => message.PubsubName == pubsubName && message.Topic == topic && (to is null || message.AppId == to) && (match?.Invoke(message) ?? message.IsSuccess),
            within,
            cancellationToken);

    /// <summary>The next message that came from this topic and is now on its dead letter topic.</summary>
    /// <inheritdoc cref="DeliveredAsync"/>
    public Task<MessageDeadLettered> DeadLetteredAsync(
        string pubsubName, string topic, Func<MessageDeadLettered, bool>? match = null, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        EventAsync<MessageDeadLettered>(
            $"a dead letter of {pubsubName}/{topic}",
            message => message.PubsubName == pubsubName && message.Topic == topic && match?.Invoke(message) != false,
            within,
            cancellationToken);

    /// <summary>The next message to this topic that a broker has taken.</summary>
    /// <inheritdoc cref="DeliveredAsync"/>
    public Task<MessagePublished> PublishedAsync(
        string pubsubName, string topic, Func<MessagePublished, bool>? match = null, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        EventAsync<MessagePublished>(
            $"a message published to {pubsubName}/{topic}",
            message => message.PubsubName == pubsubName && message.Topic == topic && match?.Invoke(message) != false,
            within,
            cancellationToken);

    /// <summary>The next value that a store has taken under this key.</summary>
    /// <param name="store">Component.</param>
    /// <param name="key">As the app knows it; null = any key.</param>
    /// <param name="match">Which; null = any.</param>
    /// <param name="within">In real time; null = the host's patience.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was none; the message says what happened instead, with the log.</exception>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public Task<StateSaved> StateSavedAsync(
        string store, string? key = null, Func<StateSaved, bool>? match = null, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        EventAsync<StateSaved>(
            $"a value saved in {store}{(key is null ? "" : $" under {key}")}",
            saved => saved.Store == store && (key is null || saved.Key == key) && match?.Invoke(saved) != false,
            within,
            cancellationToken);

    /// <summary>Completes when the app is healthy, at once if it is now: it answers, its subscriptions run, and its health checks, if it has any, pass.</summary>
    /// <inheritdoc cref="StateSavedAsync" path="/exception"/>
    public Task AppHealthyAsync(string appId, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        HealthAsync(appId, isHealthy: true, within, cancellationToken);

    /// <summary>Completes when the app is not healthy, at once if it is not now: its health checks fail, or its sidecar is down.</summary>
    /// <inheritdoc cref="StateSavedAsync" path="/exception"/>
    public Task AppUnhealthyAsync(string appId, TimeSpan? within = null, CancellationToken cancellationToken = default) =>
        HealthAsync(appId, isHealthy: false, within, cancellationToken);

    /// <summary>The next event of a kind that matches and that no await was given before.</summary>
    /// <param name="what">Names it in the message of a failure.</param>
    /// <param name="match">Which.</param>
    /// <param name="within">In real time; null = the host's patience.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was none; the message says what happened instead, with the log.</exception>
    /// <exception cref="NotSupportedException">The sidecars are processes.</exception>
    public async Task<TEvent> EventAsync<TEvent>(string what, Func<TEvent, bool> match, TimeSpan? within = null, CancellationToken cancellationToken = default)
        where TEvent : SidecarEvent
    {
        var events = InProcess("events", _events);
        return (TEvent)await _patience.AwaitAsync(what, within, token => events.NextAsync(happened => happened is TEvent candidate && match(candidate), token), cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Stops sidecars gracefully, then the apps, and removes the folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_apps.Values.Select(app => app.StopAsync())).ConfigureAwait(false);
        await _group.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(_apps.Values.Select(app => app.DisposeAppAsync())).ConfigureAwait(false);
        _spans.Stop();
        _folder.Dispose();
    }

    private async Task StartAsync(DaprTestHostBuilder builder, CancellationToken cancellationToken)
    {
        builder.WriteTo(_folder);
        var surroundings = new HostSurroundings(builder, _folder, _group, _faults, _spans, _events, Log);
        foreach (var (appId, app, port, sidecarPort) in builder.Apps)
            _apps.Add(appId, surroundings.Create(appId, app, port, sidecarPort, (start, what) => _patience.AwaitAsync(what, null, start, CancellationToken.None)));

        await _patience.AwaitAsync(
            "all sidecars and apps to be healthy",
            within: null,
            async token =>
            {
                await Task.WhenAll(_apps.Values.Select(app => app.StartServingAsync(token))).ConfigureAwait(false);
                await Task.WhenAll(_apps.Values.Select(app => app.StartAppAsync(token))).ConfigureAwait(false);
                await Task.WhenAll(_apps.Values.Select(app => app.HealthyAsync(token))).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task HealthAsync(string appId, bool isHealthy, TimeSpan? within, CancellationToken cancellationToken)
    {
        var events = InProcess("events", _events);
        if (events.All.OfType<AppHealthChanged>().LastOrDefault(change => change.AppId == appId)?.IsHealthy == isHealthy)
            return;
        await EventAsync<AppHealthChanged>($"{appId} to be {(isHealthy ? "" : "un")}healthy", change => change.AppId == appId && change.IsHealthy == isHealthy && IsLatest(change), within, cancellationToken).ConfigureAwait(false);

        bool IsLatest(AppHealthChanged change) => ReferenceEquals(events.All.OfType<AppHealthChanged>().LastOrDefault(other => other.AppId == appId), change);
    }

    private T InProcess<T>(string what, T value) =>
        _daprd is null ? value : throw new NotSupportedException($"There are no {what} of sidecars that run as {_daprd}. {DaprdLimits.Advice}");

    private string Report() =>
        $"""
        --- the last events of {_events.All.Count}:
        {string.Join(Environment.NewLine, _events.All.TakeLast(EventsTold))}
        --- the end of the log:
        {Log.Tail(LinesTold)}
        """;
}
