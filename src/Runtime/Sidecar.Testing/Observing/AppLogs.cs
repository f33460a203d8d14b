using Microsoft.Extensions.Logging;

namespace Sidecar.Testing.Observing;

/// <summary>Writes what one app logs into the log of the host.</summary>
internal sealed class AppLogs(CapturedLog log, string appId) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Logger(log, appId, categoryName);

    public void Dispose()
    {
        // The log outlives the app: its lines are still to be read.
    }

    private sealed class Logger(CapturedLog log, string appId, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var message = formatter(state, exception);
            log.Add(new LogLine(appId, logLevel, category, exception is null ? message : $"{message}{Environment.NewLine}{exception}"));
        }
    }
}
