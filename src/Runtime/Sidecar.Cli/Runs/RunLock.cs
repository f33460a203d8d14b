using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources.Templates;

namespace Sidecar.Cli.Runs;

/// <summary>One run per template at a time. The system gives the lock back when its holder ends, however it ends.</summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Null when another run holds it.</summary>
    /// <exception cref="IOException">The folder cannot be written; the message says what is kept there.</exception>
    public static RunLock? TryTake(RunFolder folder)
    {
        try
        {
            return FileLock.TryOpen(folder.Folder, Path.GetFileName(folder.LockFile)) is { } file ? new RunLock(file) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"{folder.Folder} cannot be written, and the lock and the record of a run are kept there: {failure.Message}{(folder.IsSingleApp ? $"; {DaprFolder.Variable} names another place" : "")}", failure);
        }
    }

    /// <summary>Takes those of all templates of a run, or none.</summary>
    /// <param name="held">The first that another run holds; null when all are taken.</param>
    /// <exception cref="IOException">As for one.</exception>
    public static IReadOnlyList<RunLock> TryTakeAll(IReadOnlyList<RunFolder> folders, out RunFolder? held)
    {
        var taken = new List<RunLock>();
        held = null;
        try
        {
            foreach (var folder in folders)
            {
                if (TryTake(folder) is { } one)
                    taken.Add(one);
                else
                    held = folder;
                if (held is not null)
                    break;
            }
        }
        catch (IOException)
        {
            taken.ForEach(one => one.Dispose());
            throw;
        }

        if (held is null)
            return taken;
        taken.ForEach(one => one.Dispose());
        return [];
    }

    public void Dispose() => _file.Dispose();
}
