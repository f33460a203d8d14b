using System.CommandLine;
using Sidecar.Cli.Runs;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr status</c>: what is here. The official one tells of a cluster's services; here there are none to look after.</summary>
internal static class StatusCommand
{
    public static Command Create()
    {
        var command = new Command("status", "Tell what is here: versions, defaults, running apps") { OfficialOnly.Kubernetes("status") };
        command.SetAction(_ =>
        {
            Console.WriteLine($"runtime:        {RuntimeVersion.Own}, speaks Dapr {RuntimeVersion.Dapr}; part of this command");
            foreach (var line in Defaults())
                Console.WriteLine(line);
            var apps = RunIndex.OfUser().Apps().Select(app => app.AppId).ToArray();
            Console.WriteLine($"running apps:   {(apps.Length == 0 ? "none" : string.Join(", ", apps))}");
            return 0;
        });
        return command;
    }

    /// <summary>Where runs that name no resources look for them.</summary>
    public static IEnumerable<string> Defaults()
    {
        var folder = DaprFolder.OfUser();
        var (components, configuration) = (DaprFolder.Components(folder), DaprFolder.Configuration(folder));
        yield return $"components:     {components}{(Directory.Exists(components) ? "" : " (not there)")}, for runs without --resources-path";
        yield return $"configuration:  {configuration}{(File.Exists(configuration) ? "" : " (not there)")}, for runs without --config";
    }
}
