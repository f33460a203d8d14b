using Sidecar.Cli.Logs;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>The last words of a start: what runs where.</summary>
internal static class WhereToLook
{
    public static IEnumerable<string> Lines(RunTemplate template, IReadOnlyList<AppRunner> apps, TimeSpan took)
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

        if (apps.FirstOrDefault(app => app.Plan.App.AppPort > 0)?.Plan is { } door)
            yield return $"open:  http://localhost:{door.App.AppPort} ({door.AppId})";
        var folders = apps.Select(app => app.Plan.App.AppDirPath).Distinct().Select(LogFiles.FolderOf);
        yield return $"logs:  {string.Join(", ", folders)}";
        yield return $"stop:  Ctrl-C, or dapr stop -f {template.File}";
    }
}
