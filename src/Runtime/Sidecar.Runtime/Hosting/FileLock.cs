namespace Sidecar.Runtime.Hosting;

/// <summary>A file that one process at a time holds open. The system gives it back when its holder ends, however it ends.</summary>
public static class FileLock
{
    // What the system says when another process has the file locked: ERROR_SHARING_VIOLATION, EAGAIN on macOS, EAGAIN on Linux.
    private static readonly int HeldByAnother =
        OperatingSystem.IsWindows() ? unchecked((int)0x80070020) : OperatingSystem.IsMacOS() ? 35 : 11;

    /// <summary>Creates the folder and the file where they are missing. Null when another holds it.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static FileStream? TryOpen(string folder, string name, FileOptions options = FileOptions.None)
    {
        Directory.CreateDirectory(folder);
        try
        {
            return new FileStream(Path.Combine(folder, name), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, options);
        }
        catch (IOException failure) when (failure.HResult == HeldByAnother)
        {
            return null;
        }
    }
}
