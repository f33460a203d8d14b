using Sidecar.Cli.Logs;

namespace Sidecar.Cli.Running.Apps;

/// <summary>What the console is told about one app.</summary>
internal sealed class AppReports(AppPlan plan, AppPort port, RunLog log, TimeProvider time)
{
    private static readonly TimeSpan FirstReminder = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NextReminders = TimeSpan.FromMinutes(1);

    public ValueTask SayAsync(string line) => log.SayAsync(line);

    public ValueTask HealthyAsync(bool again, long started)
    {
        var appPort = plan.App.AppPort > 0 ? $"app port {plan.App.AppPort}, " : "";
        return log.SayAsync($"{plan.AppId} is healthy {(again ? "again " : "")}after {Seconds(started)}: {appPort}dapr http port {plan.Ports.Http}");
    }

    /// <param name="next">What happens now; empty = nothing.</param>
    public async Task EndedAsync(int code, long started, string next)
    {
        // A single app has the console to itself: what it said last is there to read.
        IReadOnlyList<string> last = plan.Template.IsSingleApp ? [] : plan.AppLog.LastLines();
        await log.SayAsync($"{plan.AppId} ended with {ExitCodes.Describe(code)} after {Seconds(started)}{(next.Length > 0 ? "; " : "")}{next}.{(last.Count > 0 ? " Its last lines:" : "")}");
        foreach (var line in last)
            await log.SayAsync($"    {line}");
        if (plan.AppLog.File is { } file)
            await log.SayAsync($"    (log: {file})");
    }

    public ValueTask SidecarStoppedAsync(int code)
    {
        var where = plan.SidecarLog.File is { } file ? $" (log: {file})" : "";
        return log.SayAsync(code == 0
            ? $"the sidecar of {plan.AppId} has been stopped{where}"
            : $"the sidecar of {plan.AppId} failed with {ExitCodes.Describe(code)}, so the app is ended too{where}");
    }

    /// <summary>For an app that somebody starts by hand, in a debugger perhaps.</summary>
    public ValueTask HowToStartAsync()
    {
        var app = plan.App;
        // Names only: a value may be a secret, and is in the template for who starts the app.
        var own = app.Env.Count > 0 ? $", and {string.Join(", ", app.Env.Keys)} as in the template" : "";
        var kept = app.DaprHttpPort > 0 && app.DaprGrpcPort > 0 ? "" : plan.Template.IsSingleApp ? "; --dapr-http-port and --dapr-grpc-port keep these ports" : "; daprHTTPPort and daprGRPCPort in the template keep these ports";
        return log.SayAsync(
            $"{plan.AppId} has no command: start it yourself, on {app.AppChannelAddress}:{app.AppPort}, with APP_ID={plan.AppId} APP_PORT={app.AppPort} DAPR_HTTP_PORT={plan.Ports.Http} DAPR_GRPC_PORT={plan.Ports.Grpc}{own}{kept}");
    }

    public ValueTask GoneAsync() => log.SayAsync($"{plan.AppId} is gone; it is waited for on {plan.App.AppChannelAddress}:{plan.App.AppPort}");

    /// <summary>Says the line after a while, and once a minute from then on, until it is decided.</summary>
    /// <param name="decided">Completes without an exception.</param>
    /// <param name="told">Called after each line.</param>
    public async Task RemindUntilAsync(Task decided, Func<Task<string>> line, Action told)
    {
        for (var patience = FirstReminder; !decided.IsCompleted; patience = NextReminders)
        {
            using var enough = new CancellationTokenSource();
            var reminder = Task.Delay(patience, time, enough.Token);
            if (await Task.WhenAny(decided, reminder) == reminder && !decided.IsCompleted)
            {
                await log.SayAsync(await line());
                told();
            }

            await enough.CancelAsync();
        }
    }

    public async Task<string> UnhealthyAsync(long started, CancellationToken cancellationToken)
    {
        var (app, waited) = (plan.App, Seconds(started));
        if (await port.IsOpenAsync(cancellationToken))
            return $"{plan.AppId} is not healthy after {waited}{(plan.SidecarLog.File is { } sidecarLog ? $"; see {sidecarLog}" : "")}";
        var where = plan.AppLog.File is { } appLog ? $"; see {appLog}" : "";
        return $"{plan.AppId} does not listen on {app.AppChannelAddress}:{app.AppPort} after {waited}; check appPort, it is still waited for{where}";
    }

    private string Seconds(long started) => $"{time.GetElapsedTime(started).TotalSeconds:0.0} s";
}
