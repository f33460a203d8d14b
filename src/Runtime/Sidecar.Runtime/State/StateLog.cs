using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.State;

internal static partial class StateLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "State store {Store} could not get {Key}")]
    public static partial void GetFailed(this ILogger logger, string store, string key, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "State store {Store} could not get {Failures} of {Keys} keys")]
    public static partial void BulkGetFailed(this ILogger logger, string store, int failures, int keys, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "State store {Store} could not save {Key}")]
    public static partial void SaveFailed(this ILogger logger, string store, string key, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "State store {Store} could not delete {Key}")]
    public static partial void DeleteFailed(this ILogger logger, string store, string key, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "State store {Store} could not run a transaction of {Operations} operations")]
    public static partial void TransactionFailed(this ILogger logger, string store, int operations, Exception failure);
}
