using System.Diagnostics;

namespace TestSupport;

/// <summary>A real process of a test: its output is kept, lines can be awaited, and it is gone with all its children at the end.</summary>
public sealed class TestProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];
    private readonly List<(Func<string, bool> Match, TaskCompletionSource<string> Found)> _awaited = [];
    private readonly SemaphoreSlim _telling = new(1, 1);
    private readonly string _name;

    private TestProcess(ProcessStartInfo start)
    {
        _name = string.Join(' ', start.ArgumentList.Prepend(start.FileName));
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>All that was written to standard output and error so far.</summary>
    public string Output
    {
        get
        {
            lock (_lock)
                return string.Join('\n', _lines);
        }
    }

    public static TestProcess Start(string file, IEnumerable<string> arguments, string? folder = null, IReadOnlyDictionary<string, string?>? environment = null)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? Environment.CurrentDirectory,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        return new TestProcess(start);
    }

    /// <summary>The first line that contains the text, now or later; fails if the process ends without it.</summary>
    public Task<string> LineAsync(string text, TimeSpan? patience = null) =>
        LineAsync(line => line.Contains(text, StringComparison.Ordinal), $"a line with '{text}'", patience);

    public async Task<string> LineAsync(Func<string, bool> match, string what, TimeSpan? patience = null)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_lines.FirstOrDefault(match) is { } line)
                return line;
            _awaited.Add((match, found));
        }

        var ended = _process.WaitForExitAsync();
        try
        {
            var first = await Task.WhenAny(found.Task, ended).WithinAsync($"{what} from {_name}", patience);
            if (first == ended && !found.Task.IsCompleted)
                throw new InvalidOperationException($"{_name} ended with {_process.ExitCode} before {what}");
            return await found.Task;
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{failure.Message}\n--- output:\n{Output}", failure);
        }
    }

    /// <summary>Writes a line to standard input and awaits the next line that contains <paramref name="answer"/>.</summary>
    public async Task TellAsync(string line, string answer)
    {
        var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
            _awaited.Add((written => written.Contains(answer, StringComparison.Ordinal), found));
        await _telling.WaitAsync();
        try
        {
            await _process.StandardInput.WriteLineAsync(line);
            await _process.StandardInput.FlushAsync();
        }
        finally
        {
            _telling.Release();
        }

        await found.Task.WithinAsync($"'{answer}' from {_name} to '{line}'");
    }

    /// <summary>Closes standard input, for programs that end with it.</summary>
    public void CloseInput() => _process.StandardInput.Close();

    /// <summary>Awaits the end, output included.</summary>
    public async Task<int> ExitAsync(TimeSpan? patience = null)
    {
        await _process.WaitForExitAsync().WithinAsync($"the end of {_name}\n--- output:\n{Output}", patience);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL to this process alone: its children live on, if nothing else ends them.</summary>
    public void KillAlone() => _process.Kill();

    /// <summary>Sends a signal by name (TERM, INT, HUP, STOP, CONT).</summary>
    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-s", signal, Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        _telling.Dispose();
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_lock)
        {
            _lines.Add(line);
            foreach (var (match, found) in _awaited)
            {
                if (match(line))
                    found.TrySetResult(line);
            }
        }
    }
}
