using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Sidecar.Testing;

/// <summary>One line that a sidecar or an app of the host has logged.</summary>
/// <param name="AppId">Whose sidecar, or which app.</param>
/// <param name="Level">How grave; a line that is none of a sidecar's own form counts as information.</param>
/// <param name="Scope">Of a sidecar: <c>dapr.runtime</c>, <c>dapr.contrib.state.sqlite</c> and so on; of an app: the logger's category.</param>
/// <param name="Message">What was said, on one or several lines.</param>
public sealed record LogLine(string AppId, LogLevel Level, string Scope, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Level,-11} {AppId} {Scope}: {Message}";

    // {"time":…,"level":"info","msg":…,"app_id":…,"scope":"dapr.runtime",…}: the form of every daprd with --log-as-json.
    internal static LogLine Parse(string appId, string line)
    {
        try
        {
            if (!line.StartsWith('{'))
                return new LogLine(appId, LogLevel.Information, "", line);
            using var document = JsonDocument.Parse(line);
            return new LogLine(appId, LevelOf(Field(document, "level")), Field(document, "scope"), Field(document, "msg"));
        }
        catch (JsonException)
        {
            return new LogLine(appId, LogLevel.Information, "", line);
        }
    }

    private static string Field(JsonDocument line, string name) =>
        line.RootElement.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private static LogLevel LevelOf(string word) => word switch
    {
        "debug" => LogLevel.Debug,
        "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        "fatal" => LogLevel.Critical,
        _ => LogLevel.Information,
    };
}
