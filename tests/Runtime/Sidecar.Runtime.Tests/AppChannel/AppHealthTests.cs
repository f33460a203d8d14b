using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Sidecar.Runtime.AppChannel;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Tests.Hosting;
using TestSupport;

namespace Sidecar.Runtime.Tests.AppChannel;

/// <summary>App health checks (contract 2.17): when the app counts as healthy, and what follows from it.</summary>
public sealed class AppHealthTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly FakeClock _clock = new();
    private readonly FakeChannel _app = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Failures_add_up_over_successes_and_one_success_heals()
    {
        await using var probing = new Probing(this);
        Assert.False(probing.Health.IsHealthy);
        await probing.RoundAsync(HttpStatusCode.NoContent);
        Assert.True(probing.Health.IsHealthy);

        await probing.RoundAsync(HttpStatusCode.InternalServerError);
        await probing.RoundAsync(HttpStatusCode.OK);
        await probing.RoundAsync(HttpStatusCode.NotFound);
        Assert.True(probing.Health.IsHealthy);
        await probing.RoundAsync(HttpStatusCode.ServiceUnavailable);
        Assert.False(probing.Health.IsHealthy);
        await probing.RoundAsync(HttpStatusCode.OK);
        Assert.True(probing.Health.IsHealthy);
        await probing.RoundAsync(HttpStatusCode.InternalServerError);
        Assert.True(probing.Health.IsHealthy);

        Assert.Equal([true, false, true], probing.Changes());
        Assert.All(_app.Asked, path => Assert.Equal("/well", path));
    }

    [Fact]
    public async Task An_app_that_is_silent_for_longer_than_the_timeout_fails_its_check()
    {
        await using var probing = new Probing(this, threshold: 1);
        await probing.RoundAsync(HttpStatusCode.OK);
        var silent = new TaskCompletionSource();
        _app.Answer = async cancellationToken =>
        {
            silent.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return HttpStatusCode.OK;
        };

        _clock.Advance(TimeSpan.FromSeconds(5));
        await silent.Task.WithinAsync("the probe");
        Assert.True(probing.Health.IsHealthy);
        _clock.Advance(TimeSpan.FromMilliseconds(500));

        await Eventually.TrueAsync(() => !probing.Health.IsHealthy);
    }

    [Fact]
    [Contract(65, 93)]
    public async Task Until_its_first_success_an_app_is_neither_asked_nor_called()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 503).On("/x", 200, "hello"));
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with { AppPort = app.Port, AppHealth = new AppHealthOptions(), Time = _clock });
        await app.NextAsync("/healthz");

        var (refused, reason) = await sidecar.GetAsync("/v1.0/invoke/me/method/x");
        var (health, _) = await sidecar.GetAsync("/v1.0/healthz");
        Assert.Equal(500, refused);
        Assert.Contains("ERR_DIRECT_INVOKE", reason, StringComparison.Ordinal);
        Assert.Contains("app is not in a healthy state", reason, StringComparison.Ordinal);
        Assert.Equal(204, health);
        Assert.False(sidecar.Instance.Healthy.IsCompleted);
        Assert.DoesNotContain(app.Seen, request => request.Path is "/dapr/config" or "/x");

        app.On("/healthz", 200);
        await sidecar.PassProbesAsync(_clock);

        Assert.Equal((200, "hello"), await sidecar.GetAsync("/v1.0/invoke/me/method/x"));
        Assert.Single(app.Seen, request => request.Path == "/dapr/config");
    }

    [Fact]
    [Contract(93)]
    public async Task A_sidecar_of_another_process_is_told_that_the_app_is_unhealthy()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 503));
        await using var callee = await TestSidecar.StartAsync(
            _folder, options => options with { AppId = "callee", AppPort = app.Port, AppHealth = new AppHealthOptions(), NameRegistryFile = "names.db" });
        await using var caller = await TestSidecar.StartAsync(_folder, options => options with { NameRegistryFile = "names.db" });

        var (status, body) = await caller.GetAsync("/v1.0/invoke/callee/method/x");

        Assert.Equal(500, status);
        Assert.Contains("failed to invoke, id: callee, err: app is not in a healthy state", body, StringComparison.Ordinal);
    }

    [Fact]
    [Contract(64)]
    public async Task Messages_wait_for_an_unhealthy_app_and_come_when_it_is_well_again()
    {
        _folder.Write("components/pubsub.yaml", $"apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: pubsub\nspec:\n  type: pubsub.sqlite\n  version: v1\n  metadata:\n  - name: connectionString\n    value: {_folder.File("pubsub.db")}\n");
        _folder.Write("components/subscription.yaml", "apiVersion: dapr.io/v1alpha1\nkind: Subscription\nmetadata:\n  name: t\nspec:\n  pubsubname: pubsub\n  topic: t\n  route: /event\n");
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 200).On("/event", 200));
        var observer = new HealthObserver();
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with
        {
            AppPort = app.Port,
            AppHealth = new AppHealthOptions { Interval = TimeSpan.FromMilliseconds(20), Timeout = TimeSpan.FromMilliseconds(20), Threshold = 100 },
            Observer = observer,
        });
        await sidecar.Instance.Healthy.WithinAsync("health");

        app.On("/healthz", 503);
        await sidecar.LineAsync("App entered un-healthy status");
        await Eventually.TrueAsync(() => observer.Changes.Contains(false), "the end of the subscription");
        using var published = await sidecar.Client.PostAsync(new Uri("/v1.0/publish/pubsub/t", UriKind.Relative), new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(204, (int)published.StatusCode);
        Assert.DoesNotContain(app.Seen, request => request.Path == "/event");
        app.On("/healthz", 200);

        await Eventually.TrueAsync(() => app.Seen.Any(request => request.Path == "/event"), "the message at the app");
        Assert.Single(app.Seen, request => request.Path == "/dapr/config");
    }

    [Fact]
    [Contract(170)]
    public async Task Metadata_tells_how_health_is_asked_for()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/alive", 200));
        await using var sidecar = await TestSidecar.StartAsync(_folder, options => options with
        {
            AppPort = app.Port,
            AppMaxConcurrency = 7,
            AppHealth = new AppHealthOptions { Path = "alive", Interval = TimeSpan.FromSeconds(90), Timeout = TimeSpan.FromMilliseconds(1500) },
            Time = _clock,
        });
        await sidecar.Instance.Healthy.WithinAsync("health");

        var connection = (await sidecar.MetadataAsync())["appConnectionProperties"]!;

        Assert.Equal("""{"healthCheckPath":"/alive","healthProbeInterval":"1m30s","healthProbeTimeout":"1.5s","healthThreshold":3}""", connection["health"]!.ToJsonString());
        Assert.Equal(7, (int?)connection["maxConcurrency"]);
        Assert.Equal((app.Port, "http", "127.0.0.1"), ((int?)connection["port"], (string?)connection["protocol"], (string?)connection["channelAddress"]));
    }

    [Fact]
    public async Task A_timeout_longer_than_the_interval_is_refused()
    {
        var failure = await Assert.ThrowsAsync<SidecarStartException>(() => TestSidecar.StartAsync(
            _folder, options => options with { AppHealth = new AppHealthOptions { Interval = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromSeconds(2) } }));

        Assert.Contains("--app-health-probe-timeout", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slices_are_told_of_each_change_one_at_a_time_and_in_order_and_a_failing_one_keeps_no_other_from_it()
    {
        await using var app = await TestApp.StartAsync(app => app.On("/healthz", 200));
        var options = new SidecarOptions { AppId = "me", AppPort = app.Port, AppHealth = new AppHealthOptions { Threshold = 1 }.WithDefaults(), Time = _clock };
        using var connection = new AppConnection(options);
        var told = new List<string>();
        using var turns = new FeatureTurns([new Listener("a", told, fails: true), new Listener("b", told)]);
        var life = new AppLife(options, connection, new AppProbe(options, NullLogger<AppProbe>.Instance), new AppRestarts(), turns, new SidecarState(), () => { }, NullLogger.Instance);
        using var stopping = new CancellationTokenSource();

        await life.BecomeReadyAsync(stopping.Token).WithinAsync("readiness");
        var following = life.FollowAsync(stopping.Token);
        app.On("/healthz", 500);
        await UntilAsync(() => !connection.Health!.IsHealthy);
        app.On("/healthz", 200);
        await UntilAsync(() => connection.Health!.IsHealthy);
        await Eventually.TrueAsync(() => told.Count == 6);
        await stopping.CancelAsync();
        await life.EndProbesAsync();

        Assert.Equal(["a ready", "b ready", "a False", "b False", "a True", "b True"], told);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => following);
    }

    private Task UntilAsync(Func<bool> condition) => Eventually.TrueAsync(
        () =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return condition();
        },
        "the change of health");

    /// <summary>Probes of the fake app, a round at a time.</summary>
    private sealed class Probing : IAsyncDisposable
    {
        private readonly AppHealthTests _test;
        private readonly CancellationTokenSource _stopping = new();
        private Task? _running;

        public Probing(AppHealthTests test, int threshold = 3)
        {
            _test = test;
            Health = new AppHealth(new AppHealthOptions { Threshold = threshold }.WithDefaults(), new HttpHealthCheck(test._app, "/well"), test._clock);
        }

        public AppHealth Health { get; }

        public async Task RoundAsync(HttpStatusCode answer)
        {
            _test._app.Answer = _ => Task.FromResult(answer);
            var rounds = _test._app.Asked.Count;
            if (_running is null)
                _running = Health.ProbeAsync(NullLogger.Instance, _stopping.Token);
            else
                _test._clock.Advance(TimeSpan.FromSeconds(5));
            await Eventually.TrueAsync(() => _test._app.Asked.Count == rounds + 1 && _test._clock.ArmedTimers == 1, "the end of the probe");
        }

        public List<bool> Changes()
        {
            var changes = new List<bool>();
            while (Health.Changes.TryRead(out var change))
                changes.Add(change);
            return changes;
        }

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            if (_running is not null)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _running);
            _stopping.Dispose();
        }
    }

    /// <summary>Is told after all slices, whose subscriptions have ended or begun by then.</summary>
    private sealed class HealthObserver : ISidecarObserver
    {
        public ConcurrentQueue<bool> Changes { get; } = new();

        public void AppHealthChanged(bool isHealthy) => Changes.Enqueue(isHealthy);
    }

    private sealed class Listener(string name, List<string> told, bool fails = false) : ISidecarFeature
    {
        public Task OnAppReadyAsync(CancellationToken cancellationToken)
        {
            told.Add($"{name} ready");
            return Task.CompletedTask;
        }

        public Task OnAppHealthChangedAsync(bool isHealthy, CancellationToken cancellationToken)
        {
            told.Add($"{name} {isHealthy}");
            return fails ? Task.FromException(new InvalidOperationException("out of order")) : Task.CompletedTask;
        }
    }
}
