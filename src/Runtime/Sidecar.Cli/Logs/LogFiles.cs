using System.Globalization;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Logs;

/// <summary>Names and destinations of the logs of a run, as the official command line has them.</summary>
internal static class LogFiles
{
    private static readonly int[] Palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

    public static string FolderOf(string appDirPath) => Path.Combine(appDirPath, ".dapr", "logs");

    public static LogSink ForApp(RunLog log, RunApp app, int index, DateTimeOffset started) =>
        Create(log, app, "app", "APP", app.AppLogDestination, index, started);

    public static LogSink ForSidecar(RunLog log, RunApp app, int index, DateTimeOffset started) =>
        Create(log, app, "daprd", "DAPR", app.DaprdLogDestination, index, started);

    /// <summary>Whether to colour: on a terminal, unless NO_COLOR (no-color.org) or a dumb terminal says no.</summary>
    public static bool IsColored(bool redirected, Func<string, string?> variable) =>
        !redirected && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") != "dumb";

    private static LogSink Create(RunLog log, RunApp app, string kind, string label, string destination, int index, DateTimeOffset started)
    {
        var time = started.ToLocalTime().ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        var file = Path.Combine(FolderOf(app.AppDirPath), $"{app.AppId}_{kind}_{time}.log");
        return new LogSink(
            log,
            $"== {label} - {app.AppId} == ",
            Palette[index % Palette.Length],
            toConsole: destination is "console" or "fileAndConsole",
            file: destination is "file" or "fileAndConsole" ? file : null);
    }
}
