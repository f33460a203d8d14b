using System.CommandLine;

namespace Sidecar.Cli.Commands;

/// <summary>
/// <c>dapr init</c>: there is nothing to install, and nothing is written: default components of ours would be in the way of an
/// official <c>dapr init</c> later. Its flags are taken, so that a script which begins with it goes on.
/// </summary>
internal static class InitCommand
{
    public static Command Create()
    {
        var command = new Command("init", "Nothing to install: tells what is here") { OfficialOnly.Kubernetes("init") };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(_ =>
        {
            Console.WriteLine("nothing to install: the sidecar is part of this command, and it needs no Docker, no Redis and no services beside it");
            foreach (var line in StatusCommand.Defaults())
                Console.WriteLine(line);
            Console.WriteLine("next:           dapr run --app-id APP --app-port PORT --resources-path FOLDER -- COMMAND, or dapr run -f dapr.yaml");
            return 0;
        });
        return command;
    }
}
