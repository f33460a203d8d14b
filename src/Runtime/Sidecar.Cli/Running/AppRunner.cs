using System.Net.Sockets;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Running;

/// <summary>One app beside its running sidecar: starts it, tells when it is healthy, silent or gone, and ends it.</summary>
internal sealed class AppRunner(AppPlan plan, ISidecar sidecar, RunLog log, RunJournal journal, TimeProvider time) : IAsyncDisposable
{
    private const int CouldNotStart = 127;

    private static readonly TimeSpan FirstReminder = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NextReminders = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChildProcess? _process;
    private Task _watching = Task.CompletedTask;

    public AppPlan Plan => plan;

    public ISidecar Sidecar => sidecar;

    /// <summary>Completes as soon as the app is healthy, has ended before it was, or has been waited for so long that its silence is told.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Completes with the exit code of the app, or that of its sidecar when it has no command.</summary>
    public Task<int> Ended => _ended.Task;

    public bool IsHealthy => sidecar.Healthy.IsCompletedSuccessfully && !Ended.IsCompleted;

    /// <summary>Starts the app; what becomes of it is told in the background.</summary>
    public async Task StartAsync(IReadOnlyDictionary<string, string> environment)
    {
        var started = time.GetTimestamp();
        if (plan.HasCommand)
        {
            try
            {
                _process = ChildProcess.Start(new ChildSpec(plan.App.Command, plan.App.AppDirPath, ProcessEnvironments.ForApp(plan, environment)), plan.AppLog.WriteAsync);
            }
            catch (ChildStartException failure)
            {
                await log.SayAsync($"{plan.AppId}: {failure.Message}");
                _ended.TrySetResult(CouldNotStart);
                _settled.TrySetResult();
                return;
            }

            journal.AppStarted(plan.AppId, _process.Identity);
            await sidecar.SetMetadataAsync("appPID", $"{_process.Pid}", CancellationToken.None);
        }

        _watching = Task.WhenAll(WatchHealthAsync(started), WatchEndAsync(started), WatchSidecarAsync());
    }

    /// <summary>No more reports from here on: what ends now ends because the run does.</summary>
    public Task BeginStopAsync() => _stopping.CancelAsync();

    public void Terminate() => _process?.Terminate();

    public void Kill() => _process?.Kill();

    /// <summary>Completes when the app's process is gone, if it had one.</summary>
    public Task GoneAsync() => _process?.Exited ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await BeginStopAsync();
        if (_process is not null)
            await _process.DisposeAsync();
        await _watching;
        _stopping.Dispose();
    }

    private async Task WatchHealthAsync(long started)
    {
        var decided = Task.WhenAny(sidecar.Healthy, _ended.Task, Task.Delay(Timeout.InfiniteTimeSpan, _stopping.Token));
        for (var patience = FirstReminder; !decided.IsCompleted; patience = NextReminders)
        {
            using var enough = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            var reminder = Task.Delay(patience, time, enough.Token);
            if (await Task.WhenAny(decided, reminder) == reminder && !_stopping.IsCancellationRequested)
            {
                await log.SayAsync(await ReminderAsync(started));
                _settled.TrySetResult();
            }

            await enough.CancelAsync();
        }

        if (IsHealthy && !_stopping.IsCancellationRequested)
        {
            var port = plan.App.AppPort > 0 ? $"app port {plan.App.AppPort}, " : "";
            await log.SayAsync($"{plan.AppId} is healthy after {Seconds(started)}: {port}dapr http port {plan.Ports.Http}");
        }

        _settled.TrySetResult();
    }

    private async Task WatchEndAsync(long started)
    {
        if (_process is null)
        {
            _ended.TrySetResult(await Task.WhenAny(sidecar.Stopped, Task.Delay(Timeout.Infinite, _stopping.Token)) == sidecar.Stopped ? await sidecar.Stopped : 0);
            return;
        }

        var code = await _process.Exited;
        if (!_stopping.IsCancellationRequested)
        {
            IReadOnlyList<string> last = plan.Template.IsSingleApp ? [] : plan.AppLog.LastLines();
            await log.SayAsync($"{plan.AppId} ended with {ExitCodes.Describe(code)} after {Seconds(started)}{(plan.Template.IsSingleApp ? "" : "; all else goes on")}.{(last.Count > 0 ? " Its last lines:" : "")}");
            foreach (var line in last)
                await log.SayAsync($"    {line}");
            if (plan.AppLog.File is { } file)
                await log.SayAsync($"    (log: {file})");
        }

        _ended.TrySetResult(code);
    }

    /// <summary>A sidecar that failed ends its own app; one that somebody stopped over its API does not.</summary>
    private async Task WatchSidecarAsync()
    {
        if (await Task.WhenAny(sidecar.Stopped, _ended.Task, Task.Delay(Timeout.Infinite, _stopping.Token)) != sidecar.Stopped || _stopping.IsCancellationRequested)
            return;
        var code = await sidecar.Stopped;
        var where = plan.SidecarLog.File is { } file ? $" (log: {file})" : "";
        if (code == 0)
        {
            journal.SidecarStopped(plan.AppId);
            await log.SayAsync($"the sidecar of {plan.AppId} has been stopped{where}");
            return;
        }

        await log.SayAsync($"the sidecar of {plan.AppId} failed with {ExitCodes.Describe(code)}, so the app is ended too{where}");
        await EndAsync();
    }

    private async Task EndAsync()
    {
        if (_process is not { } process)
            return;
        process.Terminate();
        if (await Task.WhenAny(process.Exited, Task.Delay(MultiAppRun.AppGrace, time, _stopping.Token)) != process.Exited)
            process.Kill();
    }

    private async Task<string> ReminderAsync(long started)
    {
        var (app, waited) = (plan.App, Seconds(started));
        if (app.AppPort <= 0 || await ListensAsync())
            return $"{plan.AppId} is not healthy after {waited}{(plan.SidecarLog.File is { } sidecarLog ? $"; see {sidecarLog}" : "")}";
        var log = plan.AppLog.File is { } appLog ? $"; see {appLog}" : "";
        return $"{plan.AppId} does not listen on {app.AppChannelAddress}:{app.AppPort} after {waited}; check appPort, it is still waited for{log}";
    }

    private async Task<bool> ListensAsync()
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(plan.App.AppChannelAddress, plan.App.AppPort, _stopping.Token);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    private string Seconds(long started) => $"{time.GetElapsedTime(started).TotalSeconds:0.0} s";
}
