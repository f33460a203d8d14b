using Sidecar.Cli.Processes;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>
/// Leaves out the apps whose template says that they require a program which this machine does not have, and those that depend on
/// them. An app that does not say so is started whatever is missing, and its failure is told.
/// </summary>
internal static class Requirements
{
    /// <param name="notes">A line for each app that is left out is added.</param>
    public static RunTemplate Apply(RunTemplate template, IReadOnlyDictionary<string, string> environment, List<string> notes)
    {
        var skipped = new HashSet<string>(StringComparer.Ordinal);
        foreach (var app in template.Apps)
        {
            string[] missing = [.. app.Requires.Distinct(StringComparer.Ordinal).Where(program => !Executables.IsInPath(program, EnvironmentOf(app, environment)))];
            if (missing.Length > 0 && skipped.Add(app.AppId))
                notes.Add($"{app.AppId} is skipped: it requires {string.Join(" and ", missing)}, which {(missing.Length > 1 ? "are" : "is")} not in PATH; install {(missing.Length > 1 ? "them" : "it")} to run {app.AppId}");
        }

        while (template.Apps.FirstOrDefault(app => !skipped.Contains(app.AppId) && app.DependsOn.Any(skipped.Contains)) is { } dependent)
        {
            skipped.Add(dependent.AppId);
            notes.Add($"{dependent.AppId} is skipped: it depends on {string.Join(" and ", dependent.DependsOn.Where(skipped.Contains))}");
        }

        return skipped.Count == 0 ? template : template with { Apps = [.. template.Apps.Where(app => !skipped.Contains(app.AppId))] };
    }

    private static IReadOnlyDictionary<string, string> EnvironmentOf(RunApp app, IReadOnlyDictionary<string, string> environment) =>
        app.Env.TryGetValue("PATH", out var path) ? new Dictionary<string, string>(environment) { ["PATH"] = path } : environment;
}
