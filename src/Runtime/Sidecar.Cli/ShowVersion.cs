using System.CommandLine;
using System.CommandLine.Invocation;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli;

/// <summary><c>dapr --version</c>, in the two lines of the official command line.</summary>
internal sealed class ShowVersion : SynchronousCommandLineAction
{
    public override int Invoke(ParseResult parseResult)
    {
        parseResult.InvocationConfiguration.Output.WriteLine($"CLI version: {RuntimeVersion.Own}");
        parseResult.InvocationConfiguration.Output.WriteLine($"Runtime version: {RuntimeVersion.Dapr}");
        return 0;
    }
}
