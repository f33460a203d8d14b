using Microsoft.Extensions.Logging;

namespace Shop.ServiceDefaults;

internal static partial class EventEndpointsLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Dropped an event delivered as {Type} that is none: {Reason}")]
    public static partial void UnreadableEvent(this ILogger log, string type, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Event {Type} of order {OrderId} is to come again: {Reason}")]
    public static partial void EventFailed(this ILogger log, string type, string orderId, string reason);
}
