using System.CommandLine;

namespace Sidecar.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Options
{
    public static Option<string> RunFile() => new("--run-file", "-f")
    {
        Description = "The template, or a folder with a dapr.yaml",
        HelpName = "FILE|FOLDER",
        Required = true,
    };
}
