using System.Globalization;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Logs;

/// <summary>Names and destinations of the logs of a run, as the official command line has them.</summary>
internal static class LogFiles
{
    public const string App = "app";
    public const string Sidecar = "daprd";

    private const string TimeFormat = "yyyyMMddHHmmss";

    private static readonly int[] Palette = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

    public static string FolderOf(string appDirPath) => Path.Combine(appDirPath, ".dapr", "logs");

    public static LogSink ForApp(RunLog log, RunFolder folder, RunApp app, int index, DateTimeOffset started) =>
        Create(log, NewFile(folder, app, App, started), folder.IsSingleApp ? "== APP == " : $"== APP - {app.AppId} == ", app.AppLogDestination, index);

    public static LogSink ForSidecar(RunLog log, RunFolder folder, RunApp app, int index, DateTimeOffset started) =>
        Create(log, NewFile(folder, app, Sidecar, started), folder.IsSingleApp ? "" : $"== DAPR - {app.AppId} == ", app.DaprdLogDestination, index);

    /// <summary>The log files of an app in a folder, newest first.</summary>
    /// <param name="kind"><see cref="App"/> or <see cref="Sidecar"/>.</param>
    public static IReadOnlyList<string> Find(string folder, string appId, string kind) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.log").Where(file => IsOf(Path.GetFileName(file), $"{appId}_{kind}_")).OrderDescending(StringComparer.Ordinal)]
        : [];

    // One app's name may begin with another's: after the stem there is only the time.
    private static bool IsOf(string name, string stem) =>
        name.StartsWith(stem, StringComparison.Ordinal) && name.Length == stem.Length + TimeFormat.Length + ".log".Length;

    /// <summary>Whether to colour: on a terminal, unless NO_COLOR (no-color.org) or a dumb terminal says no.</summary>
    public static bool IsColored(bool redirected, Func<string, string?> variable) =>
        !redirected && string.IsNullOrEmpty(variable("NO_COLOR")) && variable("TERM") != "dumb";

    private static string NewFile(RunFolder folder, RunApp app, string kind, DateTimeOffset started) =>
        Path.Combine(folder.LogFolderOf(app), $"{app.AppId}_{kind}_{started.ToLocalTime().ToString(TimeFormat, CultureInfo.InvariantCulture)}.log");

    private static LogSink Create(RunLog log, string file, string label, string destination, int index) => new(
        log,
        label,
        Palette[index % Palette.Length],
        toConsole: destination is "console" or "fileAndConsole",
        file: destination is "file" or "fileAndConsole" ? file : null);
}
