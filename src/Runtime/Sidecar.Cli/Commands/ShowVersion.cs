using System.CommandLine;
using System.CommandLine.Invocation;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr --version</c>.</summary>
internal sealed class ShowVersion : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult) => VersionCommand.Write(parseResult.InvocationConfiguration.Output, json: false);
}
