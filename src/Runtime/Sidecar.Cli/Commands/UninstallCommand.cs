using System.CommandLine;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr uninstall</c>: nothing was installed; says which files runs have left.</summary>
internal static class UninstallCommand
{
    public static Command Create()
    {
        var command = new Command("uninstall", "Nothing to uninstall: tells what runs leave behind") { OfficialOnly.Kubernetes("uninstall") };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(_ =>
        {
            var folder = DaprFolder.OfUser();
            Console.WriteLine("nothing to uninstall: the sidecar is part of this command");
            Console.WriteLine($"runs keep {RunFolder.OfSingleApps(folder)}, {RunIndex.FolderIn(folder)} and {DaprFolder.Names(folder)}; delete them when no app runs (dapr list)");
            Console.WriteLine("dapr stop -f FILE --clean removes data and logs of a template's runs");
            return 0;
        });
        return command;
    }
}
