using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Running;

/// <summary>The last words of a start: what runs where.</summary>
internal static class WhereToLook
{
    public static IEnumerable<string> Lines(RunFolder run, IReadOnlyList<AppRunner> apps, TimeSpan took)
    {
        if (run.IsSingleApp)
            return apps[0].Ended.IsCompleted ? [] : NextSteps(run, apps);
        return [.. Overview(apps, took), .. NextSteps(run, apps)];
    }

    private static IEnumerable<string> Overview(IReadOnlyList<AppRunner> apps, TimeSpan took)
    {
        var down = apps.Where(app => !app.IsHealthy).Select(app => app.Plan.AppId).ToArray();
        yield return down.Length == 0
            ? $"all {apps.Count} apps are healthy after {took.TotalSeconds:0.0} s"
            : $"{apps.Count - down.Length} of {apps.Count} apps are healthy after {took.TotalSeconds:0.0} s; not: {string.Join(", ", down)}";

        var width = apps.Max(app => app.Plan.AppId.Length);
        foreach (var plan in apps.Select(app => app.Plan))
        {
            var port = plan.App.AppPort > 0 ? $"http://localhost:{plan.App.AppPort}" : "-";
            yield return $"  {plan.AppId.PadRight(width)}  {port,-22}  dapr http://localhost:{plan.Ports.Http}";
        }
    }

    private static IEnumerable<string> NextSteps(RunFolder run, IReadOnlyList<AppRunner> apps)
    {
        if (apps.FirstOrDefault(app => app.Plan.App.AppPort > 0)?.Plan is { } door)
            yield return $"open:  http://localhost:{door.App.AppPort} ({door.AppId})";
        var folders = apps.Select(app => run.LogFolderOf(app.Plan.App)).Distinct();
        yield return $"logs:  {string.Join(", ", folders)}";
        yield return $"stop:  Ctrl-C, or {run.StopCommand}";
    }
}
