using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr list</c>: the apps of all runs of this user, in the columns and JSON names of the official command line.</summary>
internal static class ListCommand
{
    private static readonly string[] Columns = ["APP ID", "HTTP PORT", "GRPC PORT", "APP PORT", "COMMAND", "AGE", "CREATED", "DAPRD PID", "CLI PID"];

    public static Command Create()
    {
        var output = new Option<string>("--output", "-o") { Description = "Format of the output", HelpName = "json|table", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("json", "table");
        var command = new Command("list", "List running apps") { output };
        command.SetAction(parsed => List(Console.Out, RunIndex.OfUser(), parsed.GetValue(output) == "json", TimeProvider.System));
        return command;
    }

    public static int List(TextWriter console, RunIndex index, bool json, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var apps = index.Alive().SelectMany(run => run.Apps.Select(app => ListedApp.From(run, app, now))).ToArray();
        if (json)
            console.WriteLine(JsonSerializer.Serialize(apps, ListJson.Default.ListedAppArray));
        else if (apps.Length == 0)
            console.WriteLine("No Dapr instances found.");
        else
            WriteTable(console, [Columns, .. apps.Select(app => app.Cells())]);
        return 0;
    }

    private static void WriteTable(TextWriter console, IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, Columns.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
            console.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}

/// <summary>One row.</summary>
internal sealed record ListedApp(
    string AppId,
    int HttpPort,
    int GrpcPort,
    int AppPort,
    bool MetricsEnabled,
    string Command,
    string Age,
    string Created,
    int DaprdPid,
    int CliPid,
    int AppPid,
    string RunTemplatePath,
    string AppLogPath,
    string DaprdLogPath,
    string RunTemplateName)
{
    private const int LongestCommand = 40;

    public static ListedApp From(RunRecord run, AppRecord app, DateTimeOffset now) => new(
        app.AppId,
        app.HttpPort,
        app.GrpcPort,
        app.AppPort,
        MetricsEnabled: false,
        app.Command,
        AgeOf(now - run.Started),
        run.Started.ToLocalTime().ToString("yyyy-MM-dd HH:mm.ss", CultureInfo.InvariantCulture),
        app.Daprd?.Pid ?? run.Launcher.Pid,
        run.Launcher.Pid,
        app.App?.Pid ?? 0,
        run.TemplateFile,
        app.AppLog ?? "",
        app.DaprdLog ?? "",
        run.TemplateName);

    public string[] Cells() =>
    [
        AppId, $"{HttpPort}", $"{GrpcPort}", $"{AppPort}",
        Command.Length > LongestCommand ? Command[..(LongestCommand - 3)] + "..." : Command,
        Age, Created, $"{DaprdPid}", $"{CliPid}",
    ];

    private static string AgeOf(TimeSpan age) => age switch
    {
        { TotalMinutes: < 1 } => $"{age.TotalSeconds:0}s",
        { TotalHours: < 1 } => $"{(int)age.TotalMinutes}m",
        { TotalDays: < 1 } => $"{(int)age.TotalHours}h",
        _ => $"{(int)age.TotalDays}d",
    };
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ListedApp[]))]
internal sealed partial class ListJson : JsonSerializerContext;
