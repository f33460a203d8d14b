using System.CommandLine;
using Sidecar.Cli;
using Sidecar.Cli.Commands;
using Sidecar.Runtime.Hosting;

SocketScheduling.PreferInline();
var parsed = DaprCommand.Parse(args);
if (WrongWords.In(parsed) is { Count: > 0 } wrong)
{
    foreach (var message in wrong)
        Console.Error.WriteLine(message);
    Console.Error.WriteLine(parsed.CommandResult.Command is RootCommand ? "see: dapr --help" : $"see: dapr {parsed.CommandResult.Command.Name} --help");
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
