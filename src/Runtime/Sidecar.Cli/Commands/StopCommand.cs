using System.CommandLine;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr stop</c>: ends apps by their ids, or with <c>-f</c> the run of a template, and removes its data when asked to.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var file = Options.RunFile();
        var clean = new Option<bool>("--clean") { Description = "With -f: remove data and logs of the run afterwards" };
        var apps = new Option<string[]>("--app-id", "-a") { Description = "App to stop; may be repeated", HelpName = "ID" };
        var more = new Argument<string[]>("app-ids") { Description = "Further apps to stop", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("stop", "Stop running apps, or all apps of a template") { apps, file, clean, more };
        command.Add(OfficialOnly.Kubernetes("stop"));
        command.SetAction((parsed, cancellation) =>
        {
            string[] ids = [.. parsed.GetValue(apps)!.Concat(parsed.GetValue(more)!).Distinct()];
            return (parsed.GetValue(file), ids.Length) switch
            {
                (null, 0) => RefuseAsync("say what to stop: dapr stop -a APP, or dapr stop -f dapr.yaml; dapr list shows what runs"),
                (null, _) when parsed.GetValue(clean) => RefuseAsync("--clean removes what runs of a template wrote, and needs -f"),
                (null, _) => StopAsync(ids, RunIndex.OfUser(), TimeProvider.System, cancellation),
                (_, > 0) => RefuseAsync("-f stops all apps of a template, -a single ones; give one of the two"),
                ({ } template, _) => StopAsync(RunFolder.ResolveTemplate(template), parsed.GetValue(clean), TimeProvider.System, cancellation),
            };
        });
        return command;
    }

    private static Task<int> RefuseAsync(string reason)
    {
        Console.Error.WriteLine(reason);
        return Task.FromResult(1);
    }

    private static async Task<int> StopAsync(IReadOnlyList<string> ids, RunIndex index, TimeProvider time, CancellationToken cancellationToken)
    {
        var (ending, code) = (new RunEnding(time), 0);
        foreach (var id in ids)
        {
            var running = index.Apps();
            var found = running.Where(app => app.AppId == id).ToArray();
            foreach (var app in found)
            {
                // A run whose last app this is has nothing left to run for.
                var lines = app.Run.Apps.Count(other => !other.Stopped) == 1 ? await ending.EndAsync(app.Run, cancellationToken) : [await ending.EndAsync(app, cancellationToken)];
                foreach (var line in lines)
                    Console.WriteLine(line);
            }

            if (found.Length == 0)
                code = await RefuseAsync(RunningApp.NotFound(id, running));
        }

        return code;
    }

    private static async Task<int> StopAsync(string template, bool clean, TimeProvider time, CancellationToken cancellationToken)
    {
        var record = RunRecord.Read(new RunFolder(template).RecordFile);
        if (!File.Exists(template) && record is null)
            return await RefuseAsync($"{template} does not exist");
        foreach (var line in record is not null ? await new RunEnding(time).EndAsync(record, cancellationToken) : [$"{template} is not running"])
            Console.WriteLine(line);
        if (!clean)
            return 0;
        if (RunCleaning.Clean(template, record) is not { } removed)
            return await RefuseAsync($"{template} is running again; nothing was removed");
        foreach (var folder in removed)
            Console.WriteLine($"removed {folder}");
        return 0;
    }
}
