using Sidecar.Runtime.Resources.Yaml;

namespace Sidecar.Cli.Runs;

/// <summary>An app of a run that is alive.</summary>
internal sealed record RunningApp(RunRecord Run, AppRecord App)
{
    public string AppId => App.AppId;

    /// <summary>For messages: why no app of that name was found, and which there are.</summary>
    public static string NotFound(string appId, IReadOnlyList<RunningApp> running)
    {
        var ids = running.Select(app => app.AppId).Distinct().ToArray();
        return ids.Length == 0
            ? $"no app '{appId}' is running; no app is (dapr run starts one)"
            : $"no app '{appId}' is running (running are {string.Join(", ", ids)}){Spelling.Hint(appId, ids)}";
    }
}
