using System.CommandLine;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr logs</c>: the log file of an app or of its sidecar, of the run that is alive or else of the last one.</summary>
internal static class LogsCommand
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static Command Create()
    {
        var app = new Option<string>("--app-id", "-a") { Description = "App whose log to show", HelpName = "ID", Required = true };
        var sidecar = new Option<bool>("--sidecar") { Description = "The log of its sidecar in place of the app's" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what is written, until the run ends" };
        var command = new Command("logs", "Show the log of an app of this machine") { app, sidecar, follow };
        command.Add(OfficialOnly.Kubernetes("logs"));
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var (appId, kind) = (parsed.GetRequiredValue(app), parsed.GetValue(sidecar) ? LogFiles.Sidecar : LogFiles.App);
            var running = RunIndex.OfUser().Apps();
            var found = running.LastOrDefault(candidate => candidate.AppId == appId);
            var file = found is null ? OfEnded(appId, kind) : kind == LogFiles.App ? found.App.AppLog : found.App.DaprdLog;
            if (file is null || !File.Exists(file))
            {
                await Console.Error.WriteLineAsync(WhyNone(appId, kind, found, running));
                return 1;
            }

            await using var output = Console.OpenStandardOutput();
            var isOver = parsed.GetValue(follow) ? () => found?.Run.Launcher.IsAlive() != true : (Func<bool>)(() => true);
            await CopyAsync(file, output, isOver, TimeProvider.System, cancellationToken);
            return 0;
        });
        return command;
    }

    /// <summary>
    /// The newest of single runs, of templates in the current folder, and of the last run of its <c>dapr.yaml</c>, whose apps may
    /// be anywhere.
    /// </summary>
    private static string? OfEnded(string appId, string kind)
    {
        var here = new RunFolder(RunFolder.ResolveTemplate(Directory.GetCurrentDirectory()));
        var last = new[] { here.LastRecordFile, here.RecordFile }
            .SelectMany(file => RunRecord.Read(file)?.Apps ?? [])
            .Where(app => app.AppId == appId)
            .Select(app => kind == LogFiles.App ? app.AppLog : app.DaprdLog);
        return new[] { RunFolder.OfSingleApps(DaprFolder.OfUser()), LogFiles.FolderOf(Directory.GetCurrentDirectory()) }
            .SelectMany(folder => LogFiles.Find(folder, appId, kind))
            .Concat(last.OfType<string>().Where(File.Exists))
            .MaxBy(Path.GetFileName, StringComparer.Ordinal);
    }

    private static string WhyNone(string appId, string kind, RunningApp? found, IReadOnlyList<RunningApp> running)
    {
        if (found is null)
            return $"{RunningApp.NotFound(appId, running)}; and no log of an earlier run is in {LogFiles.FolderOf(Directory.GetCurrentDirectory())}, where runs of a template leave it";
        return kind == LogFiles.App && found.App.App is null
            ? $"{appId} has no log: it is not a process of its run (--sidecar shows its sidecar's)"
            : $"{appId} has no log file{(found.Run.IsSingleApp ? "" : $": {found.App.TemplateFile} sends it to the console, or nothing was written yet")}";
    }

    private static async Task CopyAsync(string file, Stream output, Func<bool> isOver, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        while (true)
        {
            // Asked before the copy: what a run writes last is copied, too.
            var last = isOver();
            await log.CopyToAsync(output, cancellationToken);
            await output.FlushAsync(cancellationToken);
            if (last)
                return;
            await Task.Delay(Pause, time, cancellationToken);
        }
    }
}
