using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Resources;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Single;

/// <summary>Makes a run of what one command line says, or tells what keeps it from running.</summary>
internal static class SingleApp
{
    /// <summary>Runs whose logs are kept, per app.</summary>
    private const int KeptLogs = 5;

    private static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <param name="settings">Without the command.</param>
    /// <param name="notes">What is to be told already; more is added.</param>
    public static CheckedTemplate Check(string folder, IReadOnlyList<AppSetting> settings, IReadOnlyList<string> command, List<string> notes, bool isolated, RunIndex index)
    {
        var running = index.Apps();
        var named = settings.Where(setting => setting is not { Field: "appID", Value: "" }).ToList();
        if (!named.Any(setting => setting.Field == "appID"))
            named.Add(new AppSetting("--app-id", "appID", AppNames.MakeUp(running.Select(app => app.AppId), Random.Shared)));
        // The sidecar's lines too: the terminal of a single app has room for both.
        var loaded = SingleAppLoader.Load(
            folder,
            [.. named, .. command.Select(word => new AppSetting("command", "command", word)), new AppSetting("daprdLogDestination", "daprdLogDestination", "fileAndConsole")]);
        List<string> errors = [.. loaded.Errors.Select(error => error.ToString())];
        notes.AddRange(loaded.Problems.Where(problem => problem.IsWarning).Select(warning => $"warning: {warning}"));
        if (loaded.Value is not { } template)
            return new CheckedTemplate(null, errors, notes);

        var app = template.Apps[0];
        if (running.FirstOrDefault(other => other.AppId == app.AppId) is { } same)
            errors.Add($"--app-id: an app '{app.AppId}' is running already (pid {same.Run.Launcher.Pid}{(same.Run.IsSingleApp ? "" : $", of {same.App.TemplateFile}")}); stop it with: dapr stop -a {app.AppId}, or give another id");
        notes.AddRange(WhatIsMissing(app, settings));
        return TemplateCheck.Check(template, isolated, errors, notes);
    }

    /// <summary>Removes logs of earlier runs of the app except the last few, and of all apps, whose names may be made up, the old ones.</summary>
    public static void Prune(string appId, DateTimeOffset now)
    {
        var folder = RunFolder.OfSingleApp(appId).Folder;
        if (!Directory.Exists(folder))
            return;
        var tooMany = new[] { LogFiles.App, LogFiles.Sidecar }.SelectMany(kind => LogFiles.Find(folder, appId, kind).Skip(KeptLogs));
        var tooOld = Directory.EnumerateFiles(folder, "*.log").Where(file => now - File.GetLastWriteTimeUtc(file) > KeptFor);
        foreach (var log in tooMany.Concat(tooOld).Distinct().ToArray())
            File.Delete(log);
    }

    private static IEnumerable<string> WhatIsMissing(RunApp app, IReadOnlyList<AppSetting> settings)
    {
        if (!settings.Any(setting => setting.Field == "appID" && setting.Value.Length > 0))
            yield return $"no --app-id was given; the app is called {app.AppId}";
        if (app is { Command.Count: 0, AppPort: 0 })
            yield return "no command was given, so only the sidecar runs; an app's command comes last: dapr run --app-id x -- dotnet app.dll";
        if (app.ResourcesPaths.Count == 0)
            yield return "there are no components: no --resources-path was given, and there is no ~/.dapr/components";
    }
}
