using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Invocation;

internal static partial class InvocationLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "invoking {AppId} failed: {Reason}")]
    public static partial void InvokeFailed(this ILogger logger, string appId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "another instance of {AppId} is asked: {Reason}")]
    public static partial void AskingAnother(this ILogger logger, string appId, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "caller of {AppId} went away")]
    public static partial void CallerGone(this ILogger logger, string appId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "call of {AppId} broke off: {Reason}")]
    public static partial void ReplyBroken(this ILogger logger, string appId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void EndpointProblem(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Error, Message = "HTTPEndpoint {Name} ({Origin}) cannot be called: clientTLS: {Reason}")]
    public static partial void EndpointBroken(this ILogger logger, string name, string origin, string reason);
}
