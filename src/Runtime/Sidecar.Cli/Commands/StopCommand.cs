using System.CommandLine;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr stop</c>: ends apps by their ids, or with <c>-f</c> those of templates, and removes their data when asked to.</summary>
internal static class StopCommand
{
    public static Command Create()
    {
        var file = Options.RunFiles();
        var clean = new Option<bool>("--clean") { Description = "With -f: remove data and logs of the run afterwards" };
        var apps = new Option<string[]>("--app-id", "-a") { Description = "App to stop; may be repeated", HelpName = "ID" };
        var more = new Argument<string[]>("app-ids") { Description = "Further apps to stop", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("stop", "Stop running apps, or all apps of templates") { apps, file, clean, more };
        command.Add(OfficialOnly.Kubernetes("stop"));
        command.SetAction((parsed, cancellation) =>
        {
            string[] ids = [.. parsed.GetValue(apps)!.Concat(parsed.GetValue(more)!).Distinct()];
            string[] templates = [.. parsed.GetValue(file)!.Select(RunFolder.ResolveTemplate).Distinct()];
            return (templates.Length, ids.Length) switch
            {
                (0, 0) => RefuseAsync("say what to stop: dapr stop -a APP, or dapr stop -f dapr.yaml; dapr list shows what runs"),
                (0, _) when parsed.GetValue(clean) => RefuseAsync("--clean removes what runs of a template wrote, and needs -f"),
                (0, _) => StopAppsAsync(ids, RunIndex.OfUser(), TimeProvider.System, cancellation),
                (_, > 0) => RefuseAsync("-f stops all apps of a template, -a single ones; give one of the two"),
                _ => StopTemplatesAsync(templates, parsed.GetValue(clean), TimeProvider.System, cancellation),
            };
        });
        return command;
    }

    private static Task<int> RefuseAsync(string reason)
    {
        Console.Error.WriteLine(reason);
        return Task.FromResult(1);
    }

    private static async Task<int> StopAppsAsync(IReadOnlyList<string> ids, RunIndex index, TimeProvider time, CancellationToken cancellationToken)
    {
        var (ending, code) = (new RunEnding(time), 0);
        foreach (var id in ids)
        {
            var running = index.Apps();
            var found = running.Where(app => app.AppId == id).ToArray();
            foreach (var app in found)
                await TellAsync(ending.EndAsync(app.Run, [app.App], cancellationToken));
            if (found.Length == 0)
                code = await RefuseAsync(RunningApp.NotFound(id, running));
        }

        return code;
    }

    private static async Task<int> StopTemplatesAsync(IReadOnlyList<string> templates, bool clean, TimeProvider time, CancellationToken cancellationToken)
    {
        var records = templates.ToDictionary(template => template, template => RunRecord.Read(new RunFolder(template).RecordFile));
        foreach (var template in templates.Where(template => !File.Exists(template) && records[template] is null))
            return await RefuseAsync($"{template} does not exist");

        var ending = new RunEnding(time);
        foreach (var run in records.Values.OfType<RunRecord>().DistinctBy(record => record.Launcher))
            await TellAsync(ending.EndAsync(run, [.. run.Apps.Where(app => templates.Contains(app.TemplateFile))], cancellationToken));
        foreach (var template in templates.Where(template => records[template] is null))
            Console.WriteLine($"{template} is not running");
        if (!clean)
            return 0;
        if (RunCleaning.Clean(templates, records.Values.OfType<RunRecord>(), out var inUse) is not { } removed)
            return await RefuseAsync($"{inUse!.Title} is running; nothing was removed{(RunRecord.Read(inUse.RecordFile) is { } run ? $"; stop and clean all of the run with: {RunFolder.Of(run).StopCommand} --clean" : "")}");
        foreach (var folder in removed)
            Console.WriteLine($"removed {folder}");
        return 0;
    }

    private static async Task TellAsync(Task<IReadOnlyList<string>> ending)
    {
        foreach (var line in await ending)
            Console.WriteLine(line);
    }
}
