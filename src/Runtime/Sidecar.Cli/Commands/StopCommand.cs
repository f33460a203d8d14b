using System.CommandLine;
using System.Diagnostics;
using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Cli.Runs;
using Sidecar.Components;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Commands;

/// <summary><c>dapr stop -f</c>: ends the run of a template, and removes its data when asked to.</summary>
internal static class StopCommand
{
    /// <summary>A run that is asked to end is done within 10 s.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(12);

    public static Command Create()
    {
        var file = Options.RunFile();
        var clean = new Option<bool>("--clean") { Description = "Remove data and logs of the run afterwards" };
        var command = new Command("stop", "Stop all apps of a template") { file, clean };
        command.SetAction((parsed, cancellation) => StopAsync(RunFolder.ResolveTemplate(parsed.GetRequiredValue(file)), parsed.GetValue(clean), TimeProvider.System, cancellation));
        return command;
    }

    private static async Task<int> StopAsync(string template, bool clean, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = new RunFolder(template);
        var record = RunRecord.Read(folder.RecordFile);
        if (!File.Exists(template) && record is null)
        {
            Console.Error.WriteLine($"{template} does not exist");
            return 1;
        }

        if (record is not null)
            await EndAsync(record, time, cancellationToken);
        else
            Console.WriteLine($"{template} is not running");
        return clean ? Clean(folder, record) : 0;
    }

    private static async Task EndAsync(RunRecord record, TimeProvider time, CancellationToken cancellationToken)
    {
        var (launcher, deadline) = (record.Launcher, time.GetUtcNow() + Patience);
        var ran = launcher.IsAlive();
        if (ran)
        {
            Ask(launcher);
            while (launcher.IsAlive() && time.GetUtcNow() < deadline)
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
        }

        var insisted = launcher.IsAlive();
        launcher.Kill();
        var killed = await Survivors.EndAsync(record, time, cancellationToken);
        Console.WriteLine(ran
            ? $"stopped {record.TemplateFile} (pid {launcher.Pid}){(insisted ? ", which did not end by itself" : "")}"
            : $"{record.TemplateFile} is not running; its last run (pid {launcher.Pid}) was killed");
        if (killed.Count > 0)
            Console.WriteLine($"killed what was left: {string.Join(", ", killed)}");
    }

    private static void Ask(ProcessIdentity launcher)
    {
        if (!OperatingSystem.IsWindows())
        {
            Signals.Send(launcher.Pid, Signals.Terminate);
            return;
        }

        // Its job object ends the children.
        using var process = Process.GetProcessById(launcher.Pid);
        process.Kill();
    }

    private static int Clean(RunFolder folder, RunRecord? record)
    {
        using (var held = RunLock.TryTake(folder))
        {
            if (held is null)
            {
                Console.Error.WriteLine($"{folder.TemplateFile} is running again; nothing was removed");
                return 1;
            }

            var apps = RunTemplateLoader.Load(folder.TemplateFile).Value?.Apps.Select(app => app.AppDirPath)
                ?? record?.Apps.SelectMany(app => new[] { app.AppLog, app.DaprdLog }).OfType<string>().Select(log => Path.GetFullPath(Path.Combine(log, "..", "..", "..")))
                ?? [];
            foreach (var app in apps.Append(Path.GetDirectoryName(folder.TemplateFile)!).Distinct())
                Clean(app);
        }

        RemoveEmpty(folder.Folder);
        RemoveEmpty(Path.GetDirectoryName(folder.Folder)!);
        return 0;
    }

    /// <summary>What runs write, and no more: <c>.dapr</c> of an app may hold its resources and configuration too (contract 4.7).</summary>
    private static void Clean(string appFolder)
    {
        foreach (var written in new[] { Path.Combine(appFolder, ".dapr", "data"), LogFiles.FolderOf(appFolder), Path.Combine(appFolder, ".dapr", "run") })
        {
            if (!Directory.Exists(written))
                continue;
            Directory.Delete(written, recursive: true);
            Console.WriteLine($"removed {written}");
        }

        RemoveEmpty(Path.Combine(appFolder, ".dapr"));
    }

    private static void RemoveEmpty(string folder)
    {
        if (Directory.Exists(folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
