using Microsoft.Extensions.Logging;
using TestSupport;

namespace Sidecar.Components.Tests.Kafka;

/// <summary>Keeps what a component logs, from information upwards.</summary>
internal sealed class LogLines : ILogger
{
    private readonly Lock _lock = new();
    private readonly List<string> _lines = [];

    public List<string> All
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        lock (_lock)
            _lines.Add($"{logLevel}: {formatter(state, exception)}");
    }

    /// <summary>The newest line with the text, now or later.</summary>
    public Task<string> LineAsync(string text) => Eventually.GetAsync(
        () => Task.FromResult(All.LastOrDefault(line => line.Contains(text, StringComparison.Ordinal))), $"a log line with '{text}' among\n{string.Join('\n', All)}");
}
