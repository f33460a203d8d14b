using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Middleware;

internal static partial class MiddlewareLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "there is no component {Name} of type {Type}; {Pipeline} goes on without it")]
    public static partial void MiddlewareMissing(this ILogger logger, string name, string type, string pipeline);
}
