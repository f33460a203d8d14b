using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Cli.Watching;
using Sidecar.Components;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>
/// The apps of one run with their sidecars, from start to end: (1) one run per template, or per single app; (2) end
/// what a killed run left; (3) ports; (4) sidecars serve; (5) apps start, each after those it depends on, and their sources
/// are watched if that is wanted; (6) wait for a signal or the end of all apps; (7) drain sidecars, then end apps.
/// </summary>
internal sealed class MultiAppRun(RunTemplate template, RunWay way, RunLog log, StopSignals signals, TimeProvider time)
{
    private const int Failed = 1;

    /// <summary>As a shell shows a program that Ctrl-C ended.</summary>
    private const int Interrupted = 130;

    /// <summary>How long an app has between the request to end and the end.</summary>
    public static readonly TimeSpan AppGrace = TimeSpan.FromSeconds(5);

    /// <summary>A little more than the sidecars' own limit.</summary>
    public static readonly TimeSpan DrainLimit = SidecarSettings.Grace + TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan SidecarReminder = TimeSpan.FromSeconds(10);

    private readonly RunFolder _folder = RunFolder.Of(template);
    private readonly IReadOnlyDictionary<string, string> _environment = SidecarOptions.ProcessEnvironment();
    private readonly long _began = time.GetTimestamp();

    public async Task<int> RunAsync()
    {
        // 1. One run per template.
        var locks = RunLock.TryTakeAll(_folder.All, out var held);
        if (held is not null)
        {
            await log.SayAsync(AlreadyRunning(held));
            return Failed;
        }

        try
        {
            return await RunLockedAsync();
        }
        finally
        {
            foreach (var taken in locks)
                taken.Dispose();
        }
    }

    private static string AlreadyRunning(RunFolder held)
    {
        var record = RunRecord.Read(held.RecordFile);
        var run = record is null ? held : RunFolder.Of(record);
        return $"{held.Title} is already running{(record is null ? "" : $" (pid {record.Launcher.Pid})")}; stop it with: {run.StopCommand}";
    }

    private async Task<int> RunLockedAsync()
    {
        // 2. Survivors.
        foreach (var folder in _folder.All)
        {
            if (RunRecord.Read(folder.RecordFile) is { } previous && await Survivors.EndAsync(previous, time, CancellationToken.None) is { Count: > 0 } ended)
                await log.SayAsync($"ended what a killed run had left: {string.Join(", ", ended)}");
        }

        if (!_folder.IsSingleApp)
            ForgetNames();

        // 3. Ports.
        if (PortPlan.Busy(template) is { Count: > 0 } busy)
        {
            foreach (var line in busy)
                await log.SayAsync(line);
            return Failed;
        }

        var index = RunIndex.OfUser();
        var plans = Plan();
        var journal = new RunJournal(_folder, Record(plans));
        await AddAsync(index);
        try
        {
            return await RunAsync(plans, journal);
        }
        finally
        {
            journal.Close();
            index.Remove(_folder);
        }
    }

    private void ForgetNames()
    {
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(_folder.NamesFile + suffix);
    }

    private async Task AddAsync(RunIndex index)
    {
        try
        {
            index.Add(_folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A home that cannot be written is usual in containers, and nothing else depends on the index.
            await log.SayAsync($"dapr list will not show this run: {failure.Message}");
        }
    }

    private async Task<int> RunAsync(IReadOnlyList<AppPlan> plans, RunJournal journal)
    {
        ISidecarHost host = way.Isolated
            ? new IsolatedSidecars(log, journal, _folder.NamesFile, way.Mtls ? _folder.IdentitiesFolder : null, way.Faults, _environment, time)
            : new CohostedSidecars(_folder.IsSingleApp ? _folder.NamesFile : null, way.Mtls, way.Faults);
        try
        {
            // 4. Sidecars. One that cannot start ends the run, as with the official command line.
            return await StartSidecarsAsync(host, plans) is { } sidecars
                ? await RunAppsAsync([.. plans.Zip(sidecars, (plan, sidecar) => new AppRunner(plan, sidecar, log, journal, time))])
                : await NotStartedAsync(plans);
        }
        finally
        {
            // A sidecar that hangs, or a user who insists, does not hold up the end: it goes with this process.
            await Task.WhenAny(host.DisposeAsync().AsTask(), Signalled(signals.Insisted), Task.Delay(DrainLimit, time));
        }
    }

    private async Task<int> RunAppsAsync(AppRunner[] apps)
    {
        try
        {
            // 5. Apps.
            await using var sources = way.Watch ? await SourceWatch.CreateAsync(apps, log, _environment, time) : null;
            var byId = apps.ToDictionary(app => app.Plan.AppId, StringComparer.Ordinal);
            foreach (var app in apps)
                app.Start(_environment, [.. app.Plan.App.DependsOn.Select(id => byId[id])]);
            sources?.Start();

            // 6. Wait.
            var settled = TellSettledAsync(apps);
            var allEnded = Task.WhenAll(apps.Select(app => app.Ended));
            if (await Task.WhenAny(allEnded, Signalled(signals.Asked)) == allEnded)
            {
                await settled;
                if (!_folder.IsSingleApp)
                    await log.SayAsync("all apps have ended");
                await StopAsync(apps, sources);
                return (await allEnded).All(code => code == 0) ? 0 : Failed;
            }

            // 7. Stop.
            await log.SayAsync("stopping: sidecars finish what is under way, then apps end (once more to end them at once)");
            await StopAsync(apps, sources);
            await settled;
            await log.SayAsync("stopped");
            return signals.Insisted.IsCancellationRequested ? Interrupted : 0;
        }
        finally
        {
            await Task.WhenAll(apps.Select(app => app.DisposeAsync().AsTask()));
        }
    }

    private async Task<ISidecar[]?> StartSidecarsAsync(ISidecarHost host, IReadOnlyList<AppPlan> plans)
    {
        var starts = plans.Select(plan => Task.Run(() => host.StartAsync(plan, signals.Asked))).ToArray();
        var done = Task.WhenAny(Task.WhenAll(starts), Signalled(signals.Insisted));
        while (await Task.WhenAny(done, Task.Delay(SidecarReminder, time)) != done)
            await log.SayAsync($"waiting for the sidecars of {string.Join(", ", plans.Where((_, i) => !starts[i].IsCompleted).Select(plan => plan.AppId))} to serve{Logs(plans)}");

        // Sidecars share components: what keeps several from starting is told once.
        var failures =
            from start in starts.Zip(plans, (task, plan) => (Failure: task.Exception?.InnerException, plan.AppId))
            where start.Failure is not null
            group start.AppId by start.Failure is SidecarStartException ? start.Failure.Message : $"{start.Failure.GetType().Name}: {start.Failure.Message}";
        foreach (var failure in failures)
            await log.SayAsync($"the sidecar{(failure.Count() > 1 ? "s" : "")} of {string.Join(", ", failure)} cannot start: {failure.Key}");
        return starts.All(start => start.IsCompletedSuccessfully) ? await Task.WhenAll(starts) : null;
    }

    private async Task<int> NotStartedAsync(IReadOnlyList<AppPlan> plans)
    {
        if (signals.Asked.IsCancellationRequested)
        {
            await log.SayAsync("stopped before the apps were started");
            return 0;
        }

        await log.SayAsync($"no app was started{Logs(plans)}");
        return Failed;
    }

    private static string Logs(IReadOnlyList<AppPlan> plans)
    {
        var folders = plans.Select(plan => plan.SidecarLog.File).OfType<string>().Select(Path.GetDirectoryName).Distinct().ToArray();
        return folders.Length > 0 ? $"; logs: {string.Join(", ", folders)}" : "";
    }

    private async Task StopAsync(AppRunner[] apps, SourceWatch? sources)
    {
        if (sources is not null)
            await sources.DisposeAsync();
        await new StopSequence(apps, Signalled(signals.Insisted), time).RunAsync();
    }

    private async Task TellSettledAsync(AppRunner[] apps)
    {
        await Task.WhenAll(apps.Select(app => app.Settled));
        if (signals.Asked.IsCancellationRequested)
            return;
        foreach (var line in WhereToLook.Lines(_folder, apps, time.GetElapsedTime(_began)))
            await log.SayAsync(line);
    }

    private IReadOnlyList<AppPlan> Plan()
    {
        var (ports, now) = (PortPlan.Choose(template, way.Isolated), time.GetUtcNow());
        return [.. template.Apps.Select((app, i) => new AppPlan(template, app, ports[i], LogFiles.ForApp(log, _folder, app, i, now), LogFiles.ForSidecar(log, _folder, app, i, now)))];
    }

    private RunRecord Record(IReadOnlyList<AppPlan> plans) => new(template.File, template.Name, ProcessIdentity.Current, time.GetUtcNow())
    {
        Isolated = way.Isolated,
        Templates = template.Files,
        Apps = [.. plans.Select(plan => new AppRecord(plan.AppId, plan.App.AppPort, plan.Ports.Http, plan.Ports.Grpc, plan.CommandLine)
        {
            TemplateFile = plan.App.TemplateFile,
            TemplateName = plan.App.TemplateName,
            ApiHost = DaprdApi.Host(plan.App.ApiListenAddresses),
            UnixDomainSocket = plan.App.UnixDomainSocket is { } socket ? Path.GetFullPath(socket, plan.App.SidecarDirectory) : null,
            AppLog = plan.AppLog.File,
            DaprdLog = plan.SidecarLog.File,
        })],
    };

    private static Task Signalled(CancellationToken signal) =>
        Task.Delay(Timeout.InfiniteTimeSpan, signal).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
