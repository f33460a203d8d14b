using System.CommandLine;

namespace Sidecar.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class Options
{
    public static Option<string[]> RunFiles() => new("--run-file", "-f")
    {
        Description = "The template, or a folder with a dapr.yaml; may be repeated: one run of several templates",
        HelpName = "FILE|FOLDER",
    };

    public static Option<string?> UnixDomainSocket() => new("--unix-domain-socket", "-u")
    {
        Description = "Folder of the sidecar's socket, in place of its port",
        HelpName = "FOLDER",
    };

    /// <summary><c>-o</c>; the first format is the default.</summary>
    public static Option<string> Output(params string[] formats)
    {
        var output = new Option<string>("--output", "-o") { Description = "Format of the output", HelpName = string.Join('|', formats), DefaultValueFactory = _ => formats[0] };
        output.AcceptOnlyFromAmong(formats);
        return output;
    }
}
