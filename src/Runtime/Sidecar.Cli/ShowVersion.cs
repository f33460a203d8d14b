using System.CommandLine;
using System.CommandLine.Invocation;
using Sidecar.Cli.Commands;

namespace Sidecar.Cli;

/// <summary><c>dapr --version</c>.</summary>
internal sealed class ShowVersion : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult) => VersionCommand.Write(parseResult.InvocationConfiguration.Output, json: false);
}
