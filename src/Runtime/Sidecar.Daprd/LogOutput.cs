namespace Sidecar.Daprd;

/// <summary>Log lines go to standard output, and to <c>--log-file</c> too when it is given. One writer at a time.</summary>
internal sealed class LogOutput : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TextWriter _console = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
    private StreamWriter? _file;

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
            _console.WriteLine(line);
            _file?.WriteLine(line);
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        _console.Dispose();
    }
}
