using System.CommandLine;
using System.Text;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Running;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr run -f</c>: every app of a template with its sidecar, until a signal or the end of all apps.</summary>
internal static class RunCommand
{
    private const int Refused = 1;

    public static Command Create()
    {
        var file = Options.RunFile();
        var isolated = new Option<bool>("--isolated") { Description = "One daprd process per app, in place of all sidecars in this process" };
        var components = new Option<string?>("--components") { Description = "Name of the component set to run on (folder of componentSets in the template)", HelpName = "NAME" };
        var watch = new Option<bool>("--watch") { Description = "Build and restart an app when its sources change" };
        var command = new Command("run", "Run all apps of a template, each with its sidecar") { file, isolated, components, watch };
        command.SetAction(parsed => RunAsync(parsed.GetRequiredValue(file), parsed.GetValue(isolated), parsed.GetValue(components), parsed.GetValue(watch)));
        return command;
    }

    private static async Task<int> RunAsync(string file, bool isolated, string? componentSet, bool watch)
    {
        // Signals are taken from the first moment: one that comes while files are read must not kill half a start.
        using var signals = new StopSignals();
        var check = TemplateCheck.Load(file, isolated, componentSet);
        foreach (var note in check.Notes)
            Console.Error.WriteLine(note);
        if (check.Template is not { } template)
        {
            foreach (var problem in check.Problems)
                Console.Error.WriteLine(problem);
            Console.Error.WriteLine($"nothing was started: {check.Problems.Count} problem{(check.Problems.Count == 1 ? "" : "s")}");
            return Refused;
        }

        await using var console = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false));
        await using var log = new RunLog(console, LogFiles.IsColored(Console.IsOutputRedirected, Environment.GetEnvironmentVariable));
        return await new MultiAppRun(template, isolated, watch, log, signals, TimeProvider.System).RunAsync();
    }
}
