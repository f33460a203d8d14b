namespace Sidecar.Cli.Logs;

/// <summary>Where the lines of one app or one sidecar go. Its last lines are kept for a report of its end.</summary>
/// <param name="label">Put before each line on the console, such as <c>== APP - orders == </c>.</param>
/// <param name="color">ANSI colour number of the label.</param>
internal sealed class LogSink(RunLog log, string label, int color, bool toConsole, string? file)
{
    private const int Kept = 10;

    private readonly Queue<string> _last = new(Kept);

    public string Label => label;

    public int Color => color;

    public bool ToConsole => toConsole;

    /// <summary>Null when nothing is written to a file.</summary>
    public string? File => file;

    /// <summary>Waits when the console or the disk is slower than the app: no line of an app is lost.</summary>
    public ValueTask WriteAsync(string line)
    {
        Keep(line);
        return log.WriteAsync(this, line);
    }

    /// <summary>Never waits: for sidecars of this process, which must not stop serving because a terminal is slow.</summary>
    public void Write(string line)
    {
        Keep(line);
        log.Write(this, line);
    }

    public IReadOnlyList<string> LastLines()
    {
        lock (_last)
            return [.. _last];
    }

    private void Keep(string line)
    {
        lock (_last)
        {
            if (_last.Count == Kept)
                _last.Dequeue();
            _last.Enqueue(line);
        }
    }
}
