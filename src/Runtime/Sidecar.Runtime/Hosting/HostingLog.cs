using Microsoft.Extensions.Logging;

namespace Sidecar.Runtime.Hosting;

internal static partial class HostingLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "refused a sidecar whose certificate is not of this run: {Who}")]
    public static partial void PeerRefused(this ILogger logger, string who);

    [LoggerMessage(Level = LogLevel.Warning, Message = "things go wrong on purpose, as {File} says")]
    public static partial void InjectingFaults(this ILogger logger, string file);

    [LoggerMessage(Level = LogLevel.Information, Message = "starting Dapr Runtime -- version {Version}, this runtime {Own}")]
    public static partial void Starting(this ILogger logger, string version, string own);

    [LoggerMessage(Level = LogLevel.Information, Message = "Component loaded: {Name} ({Type}/{Version})")]
    public static partial void ComponentLoaded(this ILogger logger, string name, string type, string version);

    [LoggerMessage(Level = LogLevel.Error, Message = "component {Name} is left out (ignoreErrors): {Reason}")]
    public static partial void ComponentIgnored(this ILogger logger, string name, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "component {Name} waits for its secret store {Store}, which is not loaded")]
    public static partial void ComponentWaits(this ILogger logger, string name, string store);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem}")]
    public static partial void ResourceProblemFound(this ILogger logger, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "HTTP API is served on port {Port}, gRPC API on port {GrpcPort}")]
    public static partial void Serving(this ILogger logger, int port, int grpcPort);

    [LoggerMessage(Level = LogLevel.Warning, Message = "cannot listen on {Address}; the other addresses of --dapr-listen-addresses are served")]
    public static partial void AddressLeftOut(this ILogger logger, string address);

    [LoggerMessage(Level = LogLevel.Error, Message = "sidecars of other processes cannot be found, and do not find this one: {Reason}")]
    public static partial void NoNameRegistry(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "could not renew this sidecar's address for others: {Reason}")]
    public static partial void NotRenewed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "dapr initialized. Status: Running. Init Elapsed {Milliseconds}ms")]
    public static partial void Initialized(this ILogger logger, long milliseconds);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Fatal error from runtime: {Reason}")]
    public static partial void Fatal(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "HTTP API is served on {SocketFile}, gRPC API on {GrpcSocketFile}")]
    public static partial void ServingSocket(this ILogger logger, string socketFile, string? grpcSocketFile);

    [LoggerMessage(Level = LogLevel.Error, Message = "a building block failed to follow the application's health")]
    public static partial void HealthTurnFailed(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "a building block failed to follow the application's restart")]
    public static partial void RestartTurnFailed(this ILogger logger, Exception exception);

    [LoggerMessage(Level = LogLevel.Information, Message = "Blocking graceful shutdown for {Duration} or until app reports unhealthy...")]
    public static partial void ShutdownBlocked(this ILogger logger, TimeSpan duration);

    [LoggerMessage(Level = LogLevel.Information, Message = "Block shutdown period expired, entering shutdown...")]
    public static partial void BlockOver(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "App reported unhealthy, entering shutdown...")]
    public static partial void UnhealthyWhileBlocked(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "stopping")]
    public static partial void Stopping(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Information, Message = "Daprd shutdown gracefully")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "Graceful shutdown timeout exceeded, forcing shutdown")]
    public static partial void GraceExceeded(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Warning, Message = "shutdown was forced; what was under way is given up")]
    public static partial void Forced(this ILogger logger);

    [LoggerMessage(Level = LogLevel.Error, Message = "while stopping: {Reason}")]
    public static partial void StopFailed(this ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "request {Method} {Path} failed unexpectedly")]
    public static partial void RequestFailed(this ILogger logger, string method, string path, Exception exception);
}
