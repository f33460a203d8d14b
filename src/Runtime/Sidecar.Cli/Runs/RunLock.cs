namespace Sidecar.Cli.Runs;

/// <summary>One run per template at a time. The system gives the lock back when its holder ends, however it ends.</summary>
internal sealed class RunLock : IDisposable
{
    private readonly FileStream _file;

    private RunLock(FileStream file) => _file = file;

    /// <summary>Null when another run holds it.</summary>
    public static RunLock? TryTake(RunFolder folder)
    {
        Directory.CreateDirectory(folder.Folder);
        try
        {
            return new RunLock(new FileStream(folder.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
