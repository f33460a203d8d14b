using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;

namespace Sidecar.Cli.Watching;

/// <summary>
/// Builds and restarts apps whose sources change; their sidecars stay. (1) Look at the files four times a second; (2) once
/// they rest, find the apps they belong to; (3) build those, one after another; (4) restart each as soon as it is built.
/// </summary>
/// <remarks>
/// Looking costs a millisecond for a hundred files, and works where notifications do not: on mounted folders, beyond the
/// system's number of watches, and for editors that replace files.
/// </remarks>
internal sealed class SourceWatch : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly IReadOnlyList<(AppRunner App, AppSources Sources)> _watched;
    private readonly IReadOnlyList<SourceFolder> _folders;
    private readonly RunLog _log;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly TimeProvider _time;
    private readonly bool _stopFirst;
    private readonly CancellationTokenSource _stopping = new();
    private Dictionary<string, SourceFile> _seen;
    private Task _life = Task.CompletedTask;

    /// <param name="stopFirst">Apps are stopped before they are built: a system that locks the files of running programs needs that.</param>
    private SourceWatch(IReadOnlyList<(AppRunner, AppSources)> watched, RunLog log, IReadOnlyDictionary<string, string> environment, TimeProvider time, bool stopFirst)
    {
        (_watched, _log, _environment, _time, _stopFirst) = (watched, log, environment, time, stopFirst);
        _folders = [.. _watched.SelectMany(watch => watch.Sources.Folders).DistinctBy(folder => (folder.Path, string.Join('|', folder.Endings)))];
        _seen = Look();
    }

    /// <summary>Finds the sources of each app, and says which cannot be found.</summary>
    public static async Task<SourceWatch> CreateAsync(
        IReadOnlyList<AppRunner> apps, RunLog log, IReadOnlyDictionary<string, string> environment, TimeProvider time, bool? stopFirst = null)
    {
        var watched = new List<(AppRunner, AppSources)>();
        foreach (var app in apps.Where(app => app.Plan.HasCommand))
        {
            var folder = Path.GetDirectoryName(app.Plan.App.TemplateFile) is { Length: > 0 } template ? template : app.Plan.App.AppDirPath;
            if (AppSources.Of(app.Plan.App, folder) is { } sources)
            {
                app.IsWatched = true;
                watched.Add((app, sources));
            }
            else
            {
                await log.SayAsync($"{app.Plan.AppId} is not watched: its command does not tell what it is made of; name the folders in the template (watch), and how to build them (build)");
            }
        }

        var watch = new SourceWatch(watched, log, ProcessEnvironments.ForSidecar(environment), time, stopFirst ?? OperatingSystem.IsWindows());
        if (watched.Count > 0)
            await log.SayAsync($"watching {watch._seen.Count} sources of {Names(watched.Select(pair => pair.Item1))}");
        return watch;
    }

    public void Start() => _life = Task.Run(WatchAsync);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _life;
    }

    private async Task WatchAsync()
    {
        try
        {
            while (_folders.Count > 0)
            {
                // 1. Look.
                await Task.Delay(Pause, _time, _stopping.Token);
                var now = Look();
                if (Changes(_seen, now).Count == 0)
                    continue;

                // 2. Rest: an editor or a checkout writes many files.
                for (var before = _seen; Changes(before, now).Count > 0; now = Look())
                {
                    before = now;
                    await Task.Delay(Pause, _time, _stopping.Token);
                }

                var changed = Changes(_seen, now);
                _seen = now;
                if (changed.Count > 0)
                    await RenewAsync(changed);
            }
        }
        catch (OperationCanceledException)
        {
            // The run stops.
        }
    }

    private async Task RenewAsync(IReadOnlyCollection<string> changed)
    {
        var affected = _watched.Where(watch => changed.Any(watch.Sources.Hold)).ToArray();
        var files = changed.Count == 1 ? Path.GetFileName(changed.First()) : $"{Path.GetFileName(changed.First())} and {changed.Count - 1} more";
        await _log.SayAsync($"{files} changed: {(affected.Any(watch => watch.Sources.Build is not null) ? "building" : "restarting")} {Names(affected.Select(watch => watch.App))}");
        var built = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            if (_stopFirst)
                await RestartAsync(affected.Select(watch => watch.App), built.Task);

            // 3. Build. Not at the same time: they may share projects.
            var restarts = new List<Task>();
            foreach (var group in affected.GroupBy(watch => watch.Sources.Build?.Key))
            {
                AppRunner[] apps = [.. group.Select(watch => watch.App)];
                if (await BuildAsync(group.First().Sources.Build, apps) && !_stopFirst)
                    restarts.Add(RestartAsync(apps, Task.CompletedTask)); // 4. Restart.
            }

            await Task.WhenAll(restarts);
        }
        finally
        {
            built.TrySetResult();
        }
    }

    private async Task<bool> BuildAsync(BuildCommand? build, AppRunner[] apps)
    {
        if (build is null || await build.RunAsync(_environment, _stopping.Token) is not { } errors)
            return true;
        await _log.SayAsync($"{Names(apps)} could not be built and {(apps.Length == 1 ? "stays" : "stay")} as before:");
        foreach (var line in errors)
            await _log.SayAsync($"    {line}");
        return false;
    }

    private Task RestartAsync(IEnumerable<AppRunner> apps, Task ready) =>
        Task.WhenAll(apps.Select(app => app.RestartAsync(ready))).WaitAsync(_stopping.Token);

    private Dictionary<string, SourceFile> Look()
    {
        var files = new Dictionary<string, SourceFile>(StringComparer.Ordinal);
        try
        {
            foreach (var file in _folders.SelectMany(folder => folder.Files()))
                files[file.Path] = file;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // A folder went away while it was looked at: the next look sees what came of it.
        }

        return files;
    }

    /// <summary>Paths of files that are new, gone or different.</summary>
    private static List<string> Changes(Dictionary<string, SourceFile> before, Dictionary<string, SourceFile> now) =>
    [
        .. now.Where(file => !before.TryGetValue(file.Key, out var old) || old != file.Value).Select(file => file.Key),
        .. before.Keys.Where(path => !now.ContainsKey(path)),
    ];

    private static string Names(IEnumerable<AppRunner> apps) => string.Join(", ", apps.Select(app => app.Plan.AppId));
}
