using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr version</c>, in the words of the official command line.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var output = Options.Output("text", "json");
        var command = new Command("version", "Print the versions of runtime and command line") { output };
        command.SetAction(parsed => Write(Console.Out, parsed.GetValue(output) == "json"));
        return command;
    }

    public static int Write(TextWriter console, bool json)
    {
        console.WriteLine(json
            ? JsonSerializer.Serialize(new Versions(RuntimeVersion.Own, RuntimeVersion.Dapr), VersionsJson.Default.Versions)
            : $"CLI version: {RuntimeVersion.Own}{Environment.NewLine}Runtime version: {RuntimeVersion.Dapr}");
        return 0;
    }
}

internal sealed record Versions([property: JsonPropertyName("Cli version")] string Cli, [property: JsonPropertyName("Runtime version")] string Runtime);

[JsonSerializable(typeof(Versions))]
internal sealed partial class VersionsJson : JsonSerializerContext;
