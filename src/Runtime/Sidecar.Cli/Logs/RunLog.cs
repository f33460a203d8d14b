using System.Threading.Channels;

namespace Sidecar.Cli.Logs;

/// <summary>
/// Everything a run says. One loop writes it all, so that no line is torn by another, and nobody waits for a terminal except
/// an app that outruns it.
/// </summary>
internal sealed class RunLog : IAsyncDisposable
{
    private const int MostQueued = 8192;

    private readonly Channel<Entry> _queue = Channel.CreateBounded<Entry>(
        new BoundedChannelOptions(MostQueued) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Dictionary<string, StreamWriter?> _files = [];
    private readonly TextWriter _console;
    private readonly bool _colored;
    private readonly Task _writing;
    private bool _consoleGone;
    private long _dropped;

    public RunLog(TextWriter console, bool colored)
    {
        _console = console;
        _colored = colored;
        _writing = Task.Run(WriteAllAsync);
    }

    /// <summary>A line of the run itself.</summary>
    public ValueTask SayAsync(string line) => EnqueueAsync(new Entry(null, line));

    public ValueTask WriteAsync(LogSink sink, string line) => EnqueueAsync(new Entry(sink, line));

    public void Write(LogSink sink, string line)
    {
        if (!_queue.Writer.TryWrite(new Entry(sink, line)))
            Interlocked.Increment(ref _dropped);
    }

    /// <summary>Returns when every line so far is written.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writing;
    }

    private async ValueTask EnqueueAsync(Entry entry)
    {
        try
        {
            await _queue.Writer.WriteAsync(entry);
        }
        catch (ChannelClosedException)
        {
            // The run is over; what a process that is being killed still says is of no use.
        }
    }

    private async Task WriteAllAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            while (_queue.Reader.TryRead(out var entry))
                await WriteAsync(entry);
            if (Interlocked.Exchange(ref _dropped, 0) is var dropped and > 0)
                await ToConsoleAsync($"({dropped} log lines of sidecars were dropped: the terminal or the disk is too slow)");
            await FlushAsync();
        }

        foreach (var file in _files.Values)
        {
            if (file is not null)
                await file.DisposeAsync();
        }
    }

    private async Task WriteAsync(Entry entry)
    {
        if (entry.Sink is not { } sink)
        {
            await ToConsoleAsync(entry.Line);
            return;
        }

        if (sink.ToConsole)
            await ToConsoleAsync(_colored && sink.Label.Length > 0 ? $"\e[{sink.Color}m{sink.Label}\e[0m{entry.Line}" : sink.Label + entry.Line);
        if (sink.File is { } path)
            await ToFileAsync(path, entry.Line);
    }

    private async Task ToConsoleAsync(string line)
    {
        if (_consoleGone)
            return;
        try
        {
            await _console.WriteLineAsync(line);
        }
        catch (IOException)
        {
            // The terminal was closed, or the reader of a pipe has left. The run goes on until it is told to stop.
            _consoleGone = true;
        }
    }

    private async Task ToFileAsync(string path, string line)
    {
        try
        {
            if (!_files.TryGetValue(path, out var file))
                _files[path] = file = Open(path);
            if (file is not null)
                await file.WriteLineAsync(line);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            _files[path] = null;
            await ToConsoleAsync($"cannot write the log file {path}: {failure.Message}");
        }
    }

    private async Task FlushAsync()
    {
        foreach (var (path, file) in _files.ToArray())
        {
            try
            {
                if (file is not null)
                    await file.FlushAsync();
            }
            catch (IOException failure)
            {
                _files[path] = null;
                await ToConsoleAsync($"cannot write the log file {path}: {failure.Message}");
            }
        }

        try
        {
            if (!_consoleGone)
                await _console.FlushAsync();
        }
        catch (IOException)
        {
            _consoleGone = true;
        }
    }

    private static StreamWriter Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        return new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete));
    }

    private readonly record struct Entry(LogSink? Sink, string Line);
}
