using System.CommandLine;
using System.Text.Json;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr list</c>: the apps of all runs of this user, in the columns and JSON names of the official command line.</summary>
internal static class ListCommand
{
    private static readonly string[] Columns = ["APP ID", "HTTP PORT", "GRPC PORT", "APP PORT", "COMMAND", "AGE", "CREATED", "DAPRD PID", "CLI PID"];

    public static Command Create()
    {
        var output = Options.Output("table", "json", "yaml");
        var command = new Command("list", "List running apps") { output, OfficialOnly.Kubernetes("list") };
        command.SetAction(parsed => List(Console.Out, RunIndex.OfUser(), parsed.GetValue(output)!, TimeProvider.System));
        return command;
    }

    private static int List(TextWriter console, RunIndex index, string format, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var apps = index.Apps().Select(app => ListedApp.From(app.Run, app.App, now)).ToArray();
        switch (format)
        {
            case "json":
                console.WriteLine(JsonSerializer.Serialize(apps, ListJson.Default.ListedAppArray));
                break;
            case "yaml":
                WriteYaml(console, JsonSerializer.SerializeToElement(apps, ListJson.Default.ListedAppArray));
                break;
            default:
                if (apps.Length == 0)
                    console.WriteLine("No Dapr instances found.");
                else
                    Table.Write(console, [Columns, .. apps.Select(app => app.Cells())]);
                break;
        }

        return 0;
    }

    // A value of JSON is one of YAML too, quotes included.
    private static void WriteYaml(TextWriter console, JsonElement apps)
    {
        if (apps.GetArrayLength() == 0)
            console.WriteLine("[]");
        foreach (var app in apps.EnumerateArray())
        {
            foreach (var (field, index) in app.EnumerateObject().Select((field, index) => (field, index)))
                console.WriteLine($"{(index == 0 ? "- " : "  ")}{field.Name}: {field.Value.GetRawText()}");
        }
    }
}
