using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Hosting.Reload;

internal static partial class ReloadLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "hot reload is off (feature HotReload)")]
    public static partial void SwitchedOff(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hot reload: changes in {Folder} may be noticed only every {Seconds} s: {Reason}")]
    public static partial void FolderNotWatched(this ILogger logger, string folder, int seconds, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "hot reload failed, everything stays as it was: {Reason}")]
    public static partial void ReloadFailed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "hot reload of component {Name} failed, {Result}: {Reason}")]
    public static partial void ComponentFailed(this ILogger logger, string name, string result, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "hot reload: {Change}")]
    public static partial void Changed(this ILogger logger, string change);

    [LoggerMessage(Level = LogLevel.Warning, Message = "hot reload: spec.{Part} of the Configuration has changed; that needs a restart (or SIGHUP) to take effect")]
    public static partial void NeedsRestart(this ILogger logger, string part);

    [LoggerMessage(Level = LogLevel.Error, Message = "hot reload: a part of the sidecar could not follow a change")]
    public static partial void FeatureFailed(this ILogger logger, Exception failure);

    [LoggerMessage(Level = LogLevel.Warning, Message = "requests still use {Components} after {Seconds} s; closed all the same")]
    public static partial void ClosedInUse(this ILogger logger, string components, int seconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "component {Name} did not close well: {Reason}")]
    public static partial void CloseFailed(this ILogger logger, string name, string reason);
}
