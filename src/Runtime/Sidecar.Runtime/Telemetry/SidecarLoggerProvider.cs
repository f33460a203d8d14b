using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Telemetry;

/// <summary>
/// Log lines in the form that tools around Dapr parse (contract 1.4):
/// <c>time="…" level=info msg="…" app_id=… instance=… scope=dapr.runtime type=log ver=…</c>, or the same keys as JSON.
/// </summary>
internal sealed class SidecarLoggerProvider(SidecarOptions options) : ILoggerProvider
{
    private const string OwnNamespace = "Sidecar.Runtime.";
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/");

    private readonly ConcurrentDictionary<string, ILogger> _loggers = new(StringComparer.Ordinal);

    public ILogger CreateLogger(string categoryName) => _loggers.GetOrAdd(categoryName, name => new Logger(options, Scope(name)));

    public void Dispose() => _loggers.Clear();

    // Sidecar.Runtime.State.StateEngine → dapr.runtime.state; a component's category is its own scope.
    private static string Scope(string category)
    {
        if (!category.StartsWith(OwnNamespace, StringComparison.Ordinal))
            return category;
        var rest = category.AsSpan(OwnNamespace.Length);
        var dot = rest.IndexOf('.');
        return dot < 0 || rest[..dot] is "Hosting" ? "dapr.runtime" : $"dapr.runtime.{rest[..dot].ToString().ToLowerInvariant()}";
    }

    private sealed class Logger(SidecarOptions options, string scope) : ILogger
    {
        private readonly LogLevel _minimum =
            scope.StartsWith("Microsoft.", StringComparison.Ordinal) && options.LogLevel < LogLevel.Warning ? LogLevel.Warning : options.LogLevel;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= _minimum && logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var message = formatter(state, exception);
            if (exception is not null)
                message = $"{message}: {(options.LogLevel <= LogLevel.Debug ? exception.ToString() : exception.Message)}";
            var time = options.Time.GetLocalNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffffK", CultureInfo.InvariantCulture);
            var fields = (state as ILogFields)?.Fields ?? [];
            options.LogLine(options.LogAsJson ? Json(time, logLevel, message, fields) : Text(time, logLevel, message, fields));
        }

        private string Text(string time, LogLevel level, string message, IEnumerable<KeyValuePair<string, string>> fields)
        {
            var line = new StringBuilder(message.Length + 160)
                .Append("time=\"").Append(time).Append("\" level=").Append(Word(level)).Append(" msg=").Append(Quoted(message))
                .Append(" app_id=").Append(options.AppId).Append(" instance=").Append(Environment.MachineName)
                .Append(" scope=").Append(scope).Append(" type=log ver=").Append(RuntimeVersion.Dapr);
            foreach (var (name, value) in fields)
                line.Append(' ').Append(name).Append('=').Append(value.AsSpan().IndexOfAnyExcept(Plain) < 0 ? value : Quoted(value));
            return line.ToString();
        }

        private string Json(string time, LogLevel level, string message, IEnumerable<KeyValuePair<string, string>> fields) => JsonSerializer.Serialize(new Dictionary<string, string>(fields)
        {
            ["time"] = time,
            ["level"] = Word(level),
            ["msg"] = message,
            ["app_id"] = options.AppId,
            ["instance"] = Environment.MachineName,
            ["scope"] = scope,
            ["type"] = "log",
            ["ver"] = RuntimeVersion.Dapr,
        });

        // JSON's escapes are a superset of what the line format needs: one line per record whatever a stranger sent.
        private static string Quoted(string message) => JsonSerializer.Serialize(message, LogJson);

        private static string Word(LogLevel level) => level switch
        {
            LogLevel.Trace or LogLevel.Debug => "debug",
            LogLevel.Information => "info",
            LogLevel.Warning => "warning",
            LogLevel.Critical => "fatal",
            _ => "error",
        };
    }

    private static JsonSerializerOptions LogJson { get; } = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
