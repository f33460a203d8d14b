namespace Sidecar.Daprd;

/// <summary>
/// Log lines go to standard output, and to <c>--log-file</c> too when it is given. One writer at a time. A full disk ends the
/// writing there and nothing else: requests are served without a log rather than not at all.
/// </summary>
internal sealed class LogOutput : IDisposable
{
    private readonly Lock _lock = new();
    private TextWriter? _console = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
    private TextWriter? _file;

    /// <exception cref="FlagException">The file cannot be written.</exception>
    public void Open(string? path)
    {
        if (path is null)
            return;
        try
        {
            _file = new StreamWriter(path, append: true) { AutoFlush = true };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FlagException($"--log-file {path} cannot be written: {failure.Message}");
        }
    }

    public void WriteLine(string line)
    {
        lock (_lock)
        {
            Write(ref _console, line);
            Write(ref _file, line);
        }
    }

    // The console is not disposed: it has nothing buffered, and standard output is the process's.
    public void Dispose() => _file?.Dispose();

    private static void Write(ref TextWriter? writer, string line)
    {
        try
        {
            writer?.WriteLine(line);
        }
        catch (IOException)
        {
            // Nowhere left to tell it.
            writer = null;
        }
    }
}
