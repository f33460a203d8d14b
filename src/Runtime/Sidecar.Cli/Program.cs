using System.CommandLine;
using Sidecar.Cli;
using Sidecar.Cli.Commands;

var root = new RootCommand("Runs Dapr apps and their sidecars on this machine.")
{
    RunCommand.Create(),
    StopCommand.Create(),
    ListCommand.Create(),
    LogsCommand.Create(),
    InvokeCommand.Create(),
    PublishCommand.Create(),
    ComponentsCommand.Create(),
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

// A word that begins with @ is a word, as in `dapr run -- npm run @scope/app`, not a file to read words from.
var parsed = root.Parse(args.Length == 0 ? ["--help"] : args, new ParserConfiguration { ResponseFileTokenReplacer = null });
if (WrongWords.In(parsed) is { Count: > 0 } wrong)
{
    foreach (var message in wrong)
        Console.Error.WriteLine(message);
    Console.Error.WriteLine(parsed.CommandResult.Command == root ? "see: dapr --help" : $"see: dapr {parsed.CommandResult.Command.Name} --help");
    return 1;
}

try
{
    // A run takes signals itself: the library would end it after 2 s.
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or InvalidOperationException)
{
    Console.Error.WriteLine($"dapr: {failure.Message}");
    return 1;
}
