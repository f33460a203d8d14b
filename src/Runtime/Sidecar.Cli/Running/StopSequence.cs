namespace Sidecar.Cli.Running;

/// <summary>
/// Ends apps and their sidecars, those that depend on others before those. Each level: (1) the sidecars finish what is under
/// way; (2) the apps are asked to end; (3) those that do not are killed. All levels share the time that one would have.
/// </summary>
/// <param name="insisted">Completes when the user does not want to wait.</param>
internal sealed class StopSequence(IReadOnlyList<AppRunner> apps, Task insisted, TimeProvider time)
{
    public async Task RunAsync()
    {
        await Task.WhenAll(apps.Select(app => app.BeginStopAsync()));
        var levels = Levels();
        foreach (var level in levels)
            await StopAsync(level, levels.Count);
    }

    private async Task StopAsync(IReadOnlyList<AppRunner> level, int levels)
    {
        // 1. Drain.
        await Task.WhenAny(Task.WhenAll(level.Select(app => app.Sidecar.StopAsync())), insisted, Task.Delay(MultiAppRun.DrainLimit / levels, time));

        // 2. Ask.
        foreach (var app in level)
            app.Terminate();
        var gone = Task.WhenAll(level.Select(app => app.GoneAsync()));
        if (await Task.WhenAny(gone, insisted, Task.Delay(MultiAppRun.AppGrace / levels, time)) == gone)
            return;

        // 3. Kill.
        foreach (var app in level)
            app.Kill();
        await gone;
    }

    private List<IReadOnlyList<AppRunner>> Levels()
    {
        var left = apps.ToList();
        var levels = new List<IReadOnlyList<AppRunner>>();
        while (left.Count > 0)
        {
            var needed = left.SelectMany(app => app.Plan.App.DependsOn).ToHashSet(StringComparer.Ordinal);
            AppRunner[] level = [.. left.Where(app => !needed.Contains(app.Plan.AppId))];
            levels.Add(level);
            left.RemoveAll(level.Contains);
        }

        return levels;
    }
}
