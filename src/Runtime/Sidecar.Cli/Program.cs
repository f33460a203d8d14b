using System.CommandLine;
using Sidecar.Cli;
using Sidecar.Cli.Commands;
using Sidecar.Runtime.Hosting;

SocketScheduling.PreferInline();
var root = new RootCommand("Runs Dapr apps and their sidecars on this machine.")
{
    RunCommand.Create(),
    StopCommand.Create(),
    ListCommand.Create(),
};
root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();

var parsed = root.Parse(args.Length == 0 ? ["--help"] : args);
if (parsed.Errors.Count > 0)
{
    // An unknown command is missing one too; once is enough.
    var unknown = parsed.UnmatchedTokens.Select(token => $"unknown {(token.StartsWith('-') ? "flag" : "command or argument")} '{token}'").ToArray();
    foreach (var message in unknown.Length > 0 ? unknown : parsed.Errors.Select(error => error.Message))
        Console.Error.WriteLine(message);
    Console.Error.WriteLine(parsed.CommandResult.Command == root ? "see: dapr --help" : $"see: dapr {parsed.CommandResult.Command.Name} --help");
    return 1;
}

try
{
    // A run takes signals itself: the library would end it after 2 s.
    return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"dapr: {failure.Message}");
    return 1;
}
