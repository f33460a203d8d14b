using System.Globalization;
using System.Text.Json.Serialization;
using Sidecar.Cli.Runs;

namespace Sidecar.Cli.Commands;

/// <summary>One row of <c>dapr list</c>.</summary>
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
        app.TemplateFile,
        app.AppLog ?? "",
        app.DaprdLog ?? "",
        app.TemplateName);

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
