using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Runs;

/// <summary>Processes of a run whose launcher is gone. The guardian leaves none; this is for the case that it was killed as well.</summary>
internal static class Survivors
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Kills them, waits until they are gone, and returns what was found, for a message.</summary>
    public static async Task<IReadOnlyList<string>> EndAsync(RunRecord record, TimeProvider time, CancellationToken cancellationToken)
    {
        var alive = record.Children.Where(child => child.Process.IsAlive()).ToArray();
        foreach (var (_, process) in alive)
            process.Kill();

        var deadline = time.GetUtcNow() + Patience;
        while (alive.Any(child => child.Process.IsAlive()) && time.GetUtcNow() < deadline)
            await Task.Delay(TimeSpan.FromMilliseconds(10), time, cancellationToken);
        return [.. alive.Select(child => $"{child.Name} (pid {child.Process.Pid})")];
    }
}
