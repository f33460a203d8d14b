using Sidecar.Testing.Observing;

namespace Sidecar.Testing;

/// <summary>
/// What the sidecars of a host, and the apps that run in the test's process, have logged; the last 10,000 lines.
/// <see cref="ToString"/> is the whole log, for the output of a test that failed.
/// </summary>
public sealed class CapturedLog
{
    private const int Capacity = 10_000;

    private readonly History<LogLine> _lines = new(Capacity);
    private readonly Patience _patience;

    internal CapturedLog(Patience patience) => _patience = patience;

    /// <summary>All lines so far, oldest first.</summary>
    public IReadOnlyList<LogLine> Lines => _lines.All;

    /// <summary>The next line that contains the text, written before or after this call; each line is given to one call only.</summary>
    /// <param name="text">Matched with case.</param>
    /// <param name="within">In real time; null = the host's patience.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="TimeoutException">There was none; the message holds the log.</exception>
    public Task<LogLine> LineAsync(string text, TimeSpan? within = null, CancellationToken cancellationToken = default) => _patience.AwaitAsync(
        $"a log line with '{text}'", within, token => _lines.NextAsync(line => line.Message.Contains(text, StringComparison.Ordinal), token), cancellationToken);

    /// <inheritdoc/>
    public override string ToString() => string.Join(Environment.NewLine, Lines);

    internal string Tail(int count) => string.Join(Environment.NewLine, Lines.TakeLast(count));

    internal void Add(LogLine line) => _lines.Add(line);
}
