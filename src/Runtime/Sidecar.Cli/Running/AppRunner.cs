using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Cli.Running.Apps;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>
/// One app beside its running sidecar: (1) it waits for the apps it depends on; (2) it is started, or waited for when
/// somebody else starts it; (3) it is told when it is healthy, silent or gone; (4) it is started again when its template or
/// a changed source asks for that; (5) it ends.
/// </summary>
internal sealed class AppRunner : IAsyncDisposable
{
    private const int CouldNotStart = 127;
    private const int NeverStarted = 1;

    /// <summary>How long the summary of the start waits for an app that somebody else starts.</summary>
    private static readonly TimeSpan AttachPatience = TimeSpan.FromSeconds(2);

    private readonly AppPlan _plan;
    private readonly ISidecar _sidecar;
    private readonly RunJournal _journal;
    private readonly TimeProvider _time;
    private readonly AppPort _port;
    private readonly AppReports _reports;
    private readonly RestartPauses _pauses = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _settled = NewSignal();
    private readonly TaskCompletionSource _healthy = NewSignal();
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>No process is started from here on: the run stops, or the sidecar failed.</summary>
    private readonly TaskCompletionSource _noMore = NewSignal();

    private readonly Lock _lock = new();
    private TaskCompletionSource<Task> _restart = NewRestart();
    private ChildProcess? _process;
    private Task _life = Task.CompletedTask;
    private volatile bool _isUp;

    public AppRunner(AppPlan plan, ISidecar sidecar, RunLog log, RunJournal journal, TimeProvider time)
    {
        (_plan, _sidecar, _journal, _time) = (plan, sidecar, journal, time);
        _port = new AppPort(plan.App, time);
        _reports = new AppReports(plan, _port, log, time);
    }

    public AppPlan Plan => _plan;

    public ISidecar Sidecar => _sidecar;

    /// <summary>Something will ask for a restart when it is time: an end is not for good.</summary>
    public bool IsWatched { get; set; }

    /// <summary>Completes as soon as the app is healthy, has ended before it was, or has been waited for so long that its silence is told.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Completes when the app has been healthy for the first time.</summary>
    public Task Healthy => _healthy.Task;

    /// <summary>Completes when the app has ended for good: with its last exit code, or that of its sidecar when it has no command.</summary>
    public Task<int> Ended => _ended.Task;

    public bool IsHealthy => _isUp;

    /// <summary>Starts the app after those it depends on; what becomes of it is told in the background.</summary>
    public void Start(IReadOnlyDictionary<string, string> environment, IReadOnlyList<AppRunner> dependencies) =>
        _life = Task.Run(() => LiveAsync(environment, dependencies));

    /// <summary>Ends the process, if there is one, and starts it anew.</summary>
    /// <param name="ready">The new process waits for this.</param>
    /// <returns>Completes when the old process is gone.</returns>
    public Task RestartAsync(Task ready)
    {
        ChildProcess? process;
        lock (_lock)
        {
            _restart.TrySetResult(ready);
            process = _process;
        }

        return EndAsync(process);
    }

    /// <summary>No more reports from here on: what ends now ends because the run does.</summary>
    public Task BeginStopAsync()
    {
        _noMore.TrySetResult();
        return _stopping.CancelAsync();
    }

    public void Terminate() => Current?.Terminate();

    public void Kill() => Current?.Kill();

    /// <summary>Completes when the app's process is gone and none will follow.</summary>
    public Task GoneAsync() => _life;

    public async ValueTask DisposeAsync()
    {
        await BeginStopAsync();
        Kill();
        await _life;
        _stopping.Dispose();
    }

    private ChildProcess? Current
    {
        get
        {
            lock (_lock)
                return _process;
        }
    }

    private async Task LiveAsync(IReadOnlyDictionary<string, string> environment, IReadOnlyList<AppRunner> dependencies)
    {
        var sidecar = WatchSidecarAsync();
        var code = !await AreHealthyAsync(dependencies) ? NeverStarted
            : _plan.HasCommand ? await RunAsync(environment)
            : await AttachAsync();
        _ended.TrySetResult(code);
        _settled.TrySetResult();
        await sidecar;
    }

    /// <summary>False when one of them has ended for good and never was healthy, or no process is to be started any more.</summary>
    private async Task<bool> AreHealthyAsync(IReadOnlyList<AppRunner> dependencies)
    {
        foreach (var needed in dependencies)
        {
            var decided = Task.WhenAny(needed.Healthy, needed.Ended, _noMore.Task);
            await _reports.RemindUntilAsync(
                decided,
                () => Task.FromResult($"{_plan.AppId} is not started yet: it depends on {string.Join(", ", dependencies.Where(other => !other.Healthy.IsCompleted).Select(other => other.Plan.AppId))}"),
                () => _settled.TrySetResult());
            if (!needed.Healthy.IsCompleted && !_noMore.Task.IsCompleted)
                await _reports.SayAsync($"{_plan.AppId} is not started: it depends on {needed.Plan.AppId}, which has ended and was never healthy");
            if (!needed.Healthy.IsCompleted || _noMore.Task.IsCompleted)
                return false;
        }

        return true;
    }

    private async Task<int> RunAsync(IReadOnlyDictionary<string, string> environment)
    {
        while (true)
        {
            var started = _time.GetTimestamp();
            int? code = null;
            try
            {
                if (Spawn(environment) is { } process)
                    code = await BesideAsync(process, started);
            }
            catch (ChildStartException failure)
            {
                await _reports.SayAsync($"{_plan.AppId}: {failure.Message}");
            }

            if (!await IsStartedAgainAsync(code, started))
                return code ?? CouldNotStart;
        }
    }

    private ChildProcess? Spawn(IReadOnlyDictionary<string, string> environment)
    {
        lock (_lock)
        {
            if (_noMore.Task.IsCompleted)
                return null;
            _restart = NewRestart();
            _process = ChildProcess.Start(new ChildSpec(_plan.App.Command, _plan.App.AppDirPath, ProcessEnvironments.ForApp(_plan, environment)), _plan.AppLog.WriteAsync);
            _journal.AppStarted(_plan.AppId, _process.Identity);
            return _process;
        }
    }

    /// <summary>Returns the exit code once the process is gone.</summary>
    private async Task<int> BesideAsync(ChildProcess process, long started)
    {
        await _sidecar.SetMetadataAsync("appPID", $"{process.Pid}", CancellationToken.None);
        using var gone = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var health = WatchHealthAsync(started, gone.Token);
        var code = await process.Exited;
        _isUp = false;
        await gone.CancelAsync();
        await health;
        await process.DisposeAsync();
        return code;
    }

    private async Task WatchHealthAsync(long started, CancellationToken gone)
    {
        // The sidecar waits for the app once. That another process of the app serves is seen from its port.
        var again = _healthy.Task.IsCompleted;
        var healthy = again ? _port.OpensAsync(gone) : _sidecar.Healthy;
        await _reports.RemindUntilAsync(Task.WhenAny(healthy, Cancelled(gone)), () => _reports.UnhealthyAsync(started, gone), () => _settled.TrySetResult());
        if (healthy.IsCompletedSuccessfully && !gone.IsCancellationRequested)
            await IsUpAsync(again, started);
        _settled.TrySetResult();
    }

    private async Task IsUpAsync(bool again, long started)
    {
        _isUp = true;
        _healthy.TrySetResult();
        await _reports.HealthyAsync(again, started);
    }

    /// <param name="code">Null when the process could not be started, which has been told.</param>
    private async Task<bool> IsStartedAgainAsync(int? code, long started)
    {
        var asked = _restart.Task;
        if (!asked.IsCompleted && !_stopping.IsCancellationRequested)
        {
            var pause = PauseAfter(code, _time.GetElapsedTime(started));
            if (code is { } ended)
                await _reports.EndedAsync(ended, started, Next(pause));
            if (pause is null && !IsWatched)
                return false;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            await Task.WhenAny(asked, _noMore.Task, Task.Delay(pause ?? Timeout.InfiniteTimeSpan, _time, over.Token));
            await over.CancelAsync();
        }

        if (asked.IsCompleted)
            await Task.WhenAny(await asked, _noMore.Task);
        return !_noMore.Task.IsCompleted;
    }

    private TimeSpan? PauseAfter(int? code, TimeSpan lived) =>
        code is null or 0 || _plan.App.Restart == RestartPolicy.No || _noMore.Task.IsCompleted ? null : _pauses.Next(lived);

    private string Next(TimeSpan? pause) =>
        pause is { } wait ? $"it is started again in {wait.TotalSeconds:0} s (restart {_pauses.Attempt})"
        : IsWatched && !_noMore.Task.IsCompleted ? "it is started again when its sources change"
        : _plan.Template.IsSingleApp ? "" : "all else goes on";

    /// <summary>Somebody else starts the app, ends it and starts it again as often as he likes.</summary>
    private async Task<int> AttachAsync()
    {
        var started = _time.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
        var end = Task.WhenAny(_sidecar.Stopped, _noMore.Task);
        if (!await _port.IsOpenAsync(over.Token))
            await _reports.HowToStartAsync();
        var settling = Task.WhenAny(_sidecar.Healthy, end, Task.Delay(AttachPatience, _time, over.Token))
            .ContinueWith(_ => _settled.TrySetResult(), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        for (var comes = _sidecar.Healthy; await Task.WhenAny(comes, end) == comes && comes.IsCompletedSuccessfully; comes = _port.OpensAsync(over.Token))
        {
            await IsUpAsync(again: _healthy.Task.IsCompleted, started);
            var goes = _plan.App.AppPort > 0 ? _port.ClosesAsync(over.Token) : end;
            if (await Task.WhenAny(goes, end) == end)
                break;
            _isUp = false;
            await _reports.GoneAsync();
            started = _time.GetTimestamp();
        }

        await end;
        _isUp = false;
        await over.CancelAsync();
        await settling;
        return _sidecar.Stopped.IsCompleted ? await _sidecar.Stopped : 0;
    }

    /// <summary>A sidecar that failed ends its own app; one that somebody stopped over its API does not, but what ends then ends for good.</summary>
    private async Task WatchSidecarAsync()
    {
        if (await Task.WhenAny(_sidecar.Stopped, _ended.Task, _noMore.Task) != _sidecar.Stopped || _stopping.IsCancellationRequested)
            return;
        var code = await _sidecar.Stopped;
        await _reports.SidecarStoppedAsync(code);
        if (code == 0)
        {
            _journal.SidecarStopped(_plan.AppId);
            _noMore.TrySetResult();
            return;
        }

        _noMore.TrySetResult();
        await EndAsync(Current);
    }

    private async Task EndAsync(ChildProcess? process)
    {
        if (process is null)
            return;
        process.Terminate();
        await Task.WhenAny(process.Exited, Task.Delay(MultiAppRun.AppGrace, _time, _stopping.Token));
        process.Kill();
        await process.Exited;
    }

    /// <summary>Completes without an exception.</summary>
    private static Task Cancelled(CancellationToken token) =>
        Task.Delay(Timeout.InfiniteTimeSpan, token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource<Task> NewRestart() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
