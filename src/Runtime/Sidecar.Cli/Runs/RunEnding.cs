using System.Diagnostics;
using System.Net;
using Sidecar.Cli.Calls;
using Sidecar.Cli.Processes;
using Sidecar.Components;

namespace Sidecar.Cli.Runs;

/// <summary>Ends runs, and single apps of runs, from another process.</summary>
internal sealed class RunEnding(TimeProvider time)
{
    /// <summary>A run that is asked to end is done within 10 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>Ends these apps of a run; or the run, which has nothing left to run for, when none else is left or its launcher is gone.</summary>
    /// <returns>What became of them, in lines.</returns>
    /// <exception cref="InvalidOperationException">They are not this user's to end.</exception>
    public async Task<IReadOnlyList<string>> EndAsync(RunRecord record, IReadOnlyCollection<AppRecord> apps, CancellationToken cancellationToken)
    {
        if (!record.Launcher.IsAlive() || record.Apps.All(app => app.Stopped || apps.Contains(app)))
            return await EndAsync(record, cancellationToken);
        var lines = new List<string>();
        foreach (var app in apps.Where(app => !app.Stopped))
            lines.Add(await EndAsync(new RunningApp(record, app), cancellationToken));
        return lines.Count > 0 ? lines : [$"there was nothing to stop in the run of {record.Title}"];
    }

    /// <summary>Asks the launcher, and insists when it does not end.</summary>
    /// <returns>What became of it, in lines.</returns>
    /// <exception cref="InvalidOperationException">It is not this user's to end.</exception>
    private async Task<IReadOnlyList<string>> EndAsync(RunRecord record, CancellationToken cancellationToken)
    {
        var launcher = record.Launcher;
        var ran = launcher.IsAlive();
        if (ran)
        {
            Ask(record.Title, launcher);
            await GoneAsync(launcher, cancellationToken);
        }

        var insisted = launcher.IsAlive();
        launcher.Kill();
        var killed = await Survivors.EndAsync(record, time, cancellationToken);
        var end = ran
            ? $"stopped {record.Title} (pid {launcher.Pid}){(insisted ? ", which did not end by itself" : "")}"
            : $"{record.Title} is not running; its last run (pid {launcher.Pid}) was killed";
        return killed.Count > 0 ? [end, $"killed what was left: {string.Join(", ", killed)}"] : [end];
    }

    /// <summary>Ends one app of a run with several, its sidecar first, as the run itself does; the others go on.</summary>
    /// <exception cref="InvalidOperationException">Its sidecar refuses; the app goes on.</exception>
    private async Task<string> EndAsync(RunningApp app, CancellationToken cancellationToken)
    {
        await StopSidecarAsync(app, cancellationToken);
        if (app.App.App is not { } process || !process.IsAlive())
            return $"stopped {app.AppId} of {app.Run.Title}";
        if (OperatingSystem.IsWindows() || !Signals.SendToGroup(process.Pid, Signals.Terminate))
            process.Kill();
        await GoneAsync(process, cancellationToken);
        var insisted = process.IsAlive();
        process.Kill();
        return $"stopped {app.AppId} (pid {process.Pid}) of {app.Run.Title}{(insisted ? ", which did not end by itself" : "")}";
    }

    private async Task StopSidecarAsync(RunningApp app, CancellationToken cancellationToken)
    {
        using var sidecar = SidecarApi.Of(app.App);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/shutdown");
        try
        {
            using var answer = await sidecar.SendAsync(request, cancellationToken);
            if (!answer.IsSuccessStatusCode)
                throw new InvalidOperationException($"the sidecar of {app.AppId} refuses to stop: {(int)answer.StatusCode} {answer.ReasonPhrase}{(answer.StatusCode == HttpStatusCode.Unauthorized ? "; set DAPR_API_TOKEN as it was set for the run" : "")}");
        }
        catch (IOException)
        {
            // It does not serve any more.
            return;
        }

        // Its run notes that it was stopped, and does not take what ends next for a crash.
        var file = RunFolder.Of(app.Run).RecordFile;
        for (var deadline = time.GetUtcNow() + Patience; time.GetUtcNow() < deadline; await Task.Delay(Pause, time, cancellationToken))
        {
            if (RunRecord.Read(file)?.Apps.FirstOrDefault(other => other.AppId == app.AppId) is not { Stopped: false })
                return;
        }
    }

    private async Task GoneAsync(ProcessIdentity process, CancellationToken cancellationToken)
    {
        for (var deadline = time.GetUtcNow() + Patience; process.IsAlive() && time.GetUtcNow() < deadline;)
            await Task.Delay(Pause, time, cancellationToken);
    }

    private static void Ask(string title, ProcessIdentity launcher)
    {
        if (!OperatingSystem.IsWindows())
        {
            if (!Signals.Send(launcher.Pid, Signals.Terminate) && launcher.IsAlive())
                throw new InvalidOperationException($"{title} (pid {launcher.Pid}) cannot be stopped: it is a process of another user");
            return;
        }

        // Its job object ends the children.
        using var process = Process.GetProcessById(launcher.Pid);
        process.Kill();
    }
}
