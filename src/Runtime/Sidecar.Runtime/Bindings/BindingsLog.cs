using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Bindings;

internal static partial class BindingsLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "Output binding {Binding} failed at operation {Operation}")]
    public static partial void InvokeFailed(this ILogger logger, string binding, string operation, Exception failure);

    [LoggerMessage(Level = LogLevel.Information, Message = "Input binding {Binding} calls the app at {Path}")]
    public static partial void Started(this ILogger logger, string binding, string path);

    [LoggerMessage(Level = LogLevel.Information, Message = "Input binding {Binding} calls the app no more")]
    public static partial void Ended(this ILogger logger, string binding);

    [LoggerMessage(Level = LogLevel.Information, Message = "The app does not take input binding {Binding}: it answered OPTIONS {Path} with {Status}")]
    public static partial void Declined(this ILogger logger, string binding, string path, int status);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Input binding {Binding} is not started: the app could not be asked whether it takes it ({Reason})")]
    public static partial void NotAsked(this ILogger logger, string binding, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Input binding {Binding} is not started: its route '{Route}' is no path of a URL")]
    public static partial void BadRoute(this ILogger logger, string binding, string route);

    [LoggerMessage(Level = LogLevel.Error, Message = "Input binding {Binding} could not be started; its events will not reach the app")]
    public static partial void StartFailed(this ILogger logger, string binding, Exception failure);

    [LoggerMessage(Level = LogLevel.Error, Message = "An event of input binding {Binding} is not handled: {Reason}")]
    public static partial void EventFailed(this ILogger logger, string binding, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Ending input binding {Binding} failed")]
    public static partial void EndFailed(this ILogger logger, string binding, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stopped before the app had answered all events of input bindings")]
    public static partial void StoppedWhileHandling(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "the answer to an event of input binding {Binding} names output binding {Output}, which failed: {Reason}")]
    public static partial void OutputFailed(this ILogger logger, string binding, string output, string reason);
}
