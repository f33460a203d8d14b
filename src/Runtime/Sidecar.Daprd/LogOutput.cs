using System.Threading.Channels;

namespace Sidecar.Daprd;

/// <summary>
/// Log lines go to standard output, and to <c>--log-file</c> too when it is given. One loop writes them: whoever logs may be on
/// a socket's thread and must not wait for a terminal or a disk. What those cannot take is dropped and counted. A full disk
/// ends the writing there and nothing else: requests are served without a log rather than not at all.
/// </summary>
internal sealed class LogOutput : IDisposable
{
    private const int MostQueued = 8192;

    /// <summary>For the last lines, when nobody reads standard output.</summary>
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _queue = Channel.CreateBounded<string>(new BoundedChannelOptions(MostQueued) { SingleReader = true });
    private readonly Task _writing;
    private TextWriter? _console = new StreamWriter(Console.OpenStandardOutput());
    private TextWriter? _file;
    private long _dropped;

    public LogOutput() => _writing = Task.Run(WriteAllAsync);

    /// <summary>To be called before the first line.</summary>
    /// <exception cref="FlagException">The file cannot be written.</exception>
    public void Open(string? path)
    {
        if (path is null)
            return;
        try
        {
            _file = new StreamWriter(path, append: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new FlagException($"--log-file {path} cannot be written: {failure.Message}");
        }
    }

    public void WriteLine(string line)
    {
        if (!_queue.Writer.TryWrite(line))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Returns when every line is written, or cannot be.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _writing.Wait(LastWords);
    }

    private async Task WriteAllAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var line))
                Write(line);
            if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
                Write($"({dropped} log lines were dropped: standard output or the disk is too slow)");
            Attempt(ref _console, static (writer, _) => writer.Flush(), "");
            Attempt(ref _file, static (writer, _) => writer.Flush(), "");
        }
    }

    private void Write(string line)
    {
        Attempt(ref _console, static (writer, text) => writer.WriteLine(text), line);
        Attempt(ref _file, static (writer, text) => writer.WriteLine(text), line);
    }

    private static void Attempt(ref TextWriter? writer, Action<TextWriter, string> action, string line)
    {
        try
        {
            if (writer is not null)
                action(writer, line);
        }
        catch (IOException)
        {
            // Nowhere left to tell it.
            writer = null;
        }
    }
}
