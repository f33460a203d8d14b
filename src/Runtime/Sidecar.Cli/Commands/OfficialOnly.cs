using System.CommandLine;
using System.CommandLine.Invocation;

namespace Sidecar.Cli.Commands;

/// <summary>What the official command line does and this one does not: said in a line, never a surprise.</summary>
internal static class OfficialOnly
{
    private const string Where = "the official Dapr CLI has it (https://docs.dapr.io/getting-started/install-dapr-cli/)";

    private static readonly (string Name, string What)[] Missing =
    [
        ("annotate", "annotates Kubernetes manifests"),
        ("configurations", "lists the configurations of a Kubernetes cluster"),
        ("dashboard", "opens the Dapr dashboard"),
        ("mtls", "manages the certificates of a Kubernetes cluster"),
        ("scheduler", "manages jobs of a scheduler service"),
        ("upgrade", "upgrades the Dapr of a Kubernetes cluster"),
        ("workflow", "manages workflow instances"),
    ];

    /// <summary>Commands of the official one that are not here.</summary>
    public static IEnumerable<Command> Commands()
    {
        foreach (var (name, what) in Missing)
        {
            var command = new Command(name, $"Not here: {what}") { Hidden = true, TreatUnmatchedTokensAsErrors = false };
            command.SetAction(_ => Refuse($"dapr {name} is not here: it {what}"));
            yield return command;
        }
    }

    /// <summary><c>-k</c>, wherever the official one has it.</summary>
    public static Option<bool> Kubernetes(string command) => new("--kubernetes", "-k")
    {
        Description = "Not here: for Kubernetes use the official Dapr CLI",
        Action = new RefuseKubernetes(command),
    };

    private static int Refuse(string what)
    {
        Console.Error.WriteLine($"{what}; {Where}");
        return 1;
    }

    private sealed class RefuseKubernetes(string command) : SynchronousCommandLineAction
    {
        public override bool Terminating => true;

        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult) => Refuse($"dapr {command} -k is for Kubernetes, and this command looks after apps of this machine only");
    }
}
