using System.CommandLine;

namespace Sidecar.Cli.Commands;

/// <summary>The whole command line.</summary>
internal static class DaprCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Runs Dapr apps and their sidecars on this machine.")
        {
            RunCommand.Create(),
            StopCommand.Create(),
            ListCommand.Create(),
            LogsCommand.Create(),
            InvokeCommand.Create(),
            PublishCommand.Create(),
            ComponentsCommand.Create(),
            ResiliencyCommand.Create(),
            StatusCommand.Create(),
            InitCommand.Create(),
            UninstallCommand.Create(),
            VersionCommand.Create(),
            CompletionCommand.Create(),
        };
        foreach (var command in OfficialOnly.Commands())
            root.Add(command);
        var version = root.Options.OfType<VersionOption>().Single();
        version.Aliases.Add("-v");
        version.Action = new ShowVersion();
        return root;
    }

    /// <summary>A word that begins with @ is a word, as in <c>dapr run -- npm run @scope/app</c>, not a file to read words from.</summary>
    public static ParseResult Parse(IReadOnlyList<string> words) =>
        Create().Parse(words.Count == 0 ? ["--help"] : words, new ParserConfiguration { ResponseFileTokenReplacer = null });
}
