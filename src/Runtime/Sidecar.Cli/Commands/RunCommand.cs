using System.CommandLine;
using System.Text;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;
using Sidecar.Cli.Runs;
using Sidecar.Cli.Single;

namespace Sidecar.Cli.Commands;

/// <summary>
/// <c>dapr run</c>: one app of the command line, or with <c>-f</c> every app of one or more templates, each with its sidecar, until a signal
/// or the end of all apps.
/// </summary>
internal static class RunCommand
{
    private const int Refused = 1;

    public static Command Create()
    {
        var file = Options.RunFiles();
        var isolated = new Option<bool>("--isolated") { Description = "A daprd process per app, in place of sidecars in this process" };
        var components = new Option<string?>("--components") { Description = "Name of the component set to run on (folder of componentSets in the template)", HelpName = "NAME" };
        var single = new SingleAppFlags();
        var watch = new Option<bool>("--watch") { Description = "Build and restart an app when its sources change" };
        var mtls = new Option<bool>("--enable-mtls") { Description = "Certificates for all sidecars of the run, by which they speak to each other and access control knows them" };
        var faults = new Option<string?>("--faults") { Description = "File that says what is to go wrong on purpose between sidecars, apps and components", HelpName = "FILE" };
        var words = new Argument<string[]>("command") { Description = "Program of the app and its arguments, best after --", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("run", "Run an app with its sidecar, or all apps of templates: dapr run --app-id a --app-port 5000 -- COMMAND, dapr run -f .") { file, isolated, components, watch, mtls, faults, words };
        foreach (var option in single.Options)
            command.Add(option);
        command.Add(OfficialOnly.Kubernetes("run"));
        command.SetAction(parsed =>
        {
            var way = new RunWay(parsed.GetValue(isolated), parsed.GetValue(watch), parsed.GetValue(mtls), parsed.GetValue(faults) is { } storm ? Path.GetFullPath(storm) : null);
            return parsed.GetValue(file) is { Length: > 0 } templates
                ? RunTemplatesAsync(templates, parsed.GetValue(components), [.. single.Given(parsed), .. parsed.GetValue(words)!], way)
                : RunSingleAsync(single, parsed, parsed.GetValue(words)!, parsed.GetValue(components), way);
        });
        return command;
    }

    private static Task<int> RunTemplatesAsync(IReadOnlyList<string> files, string? componentSet, IReadOnlyList<string> ofSingleApps, RunWay way) => ofSingleApps.Count == 0
        ? RunAsync(() => TemplateCheck.Load(files, way.Isolated, componentSet), way)
        : RefuseAsync($"{string.Join(' ', ofSingleApps)}: with -f the template says it all; write it there, or leave out -f");

    private static Task<int> RunSingleAsync(SingleAppFlags flags, ParseResult parsed, IReadOnlyList<string> command, string? componentSet, RunWay way) => componentSet is null
        ? RunAsync(() => SingleApp.Check(Directory.GetCurrentDirectory(), flags.Read(parsed), command, [.. flags.DeprecationNotes(parsed)], way.Isolated, RunIndex.OfUser()), way)
        : RefuseAsync("--components chooses a component set of a template and needs -f; one app has --resources-path");

    private static Task<int> RefuseAsync(string reason)
    {
        Console.Error.WriteLine(reason);
        return Task.FromResult(Refused);
    }

    private static async Task<int> RunAsync(Func<CheckedTemplate> load, RunWay way)
    {
        // Signals are taken from the first moment: one that comes while files are read must not kill half a start.
        using var signals = new StopSignals();
        var check = load();
        foreach (var note in check.Notes)
            Console.Error.WriteLine(note);
        if (check.Template is not { } template)
        {
            foreach (var problem in check.Problems)
                Console.Error.WriteLine(problem);
            Console.Error.WriteLine($"nothing was started: {check.Problems.Count} problem{(check.Problems.Count == 1 ? "" : "s")}");
            return Refused;
        }

        if (template.IsSingleApp)
            SingleApp.Prune(template.Apps[0].AppId, TimeProvider.System.GetUtcNow());
        await using var console = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
        await using var log = new RunLog(console, LogFiles.IsColored(Console.IsOutputRedirected, Environment.GetEnvironmentVariable));
        return await new MultiAppRun(template, way, log, signals, TimeProvider.System).RunAsync();
    }
}
