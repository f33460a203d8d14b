using System.Globalization;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>The ports of a run: those the template fixes are checked before anything is started, the others are chosen.</summary>
internal static class PortPlan
{
    // Below the ranges from which systems serve outgoing connections, so that none of those gets a port between its choice
    // and its use.
    private const int LowestChosen = 20_000;
    private const int HighestChosen = 32_000;

    /// <summary>Held until this process ends, however it ends.</summary>
    private static readonly List<FileStream> Claims = [];

    private static readonly string ClaimsFolder = Path.Combine(Path.GetTempPath(), $"dapr-ports-{Environment.UserName}");

    /// <summary>A line for each fixed port that is in use: field, port, by whom, and what to do.</summary>
    public static IReadOnlyList<string> Busy(RunTemplate template) =>
    [
        .. from app in template.Apps
           from fixedPort in Fixed(app)
           where !PortOwner.IsFree(fixedPort.Port)
           let source = template.IsSingleApp ? fixedPort.Flag : $"{app.TemplateFile}: {app.AppId}: {fixedPort.Field}"
           select $"{source} {fixedPort.Port} is in use by {PortOwner.Describe(fixedPort.Port)}; stop that, or give another port",
    ];

    /// <param name="isolated">
    /// Sidecars that are processes get a fixed port for each other as well: one that is killed and started again is found
    /// where it was.
    /// </param>
    public static IReadOnlyList<AppPorts> Choose(RunTemplate template, bool isolated)
    {
        var taken = template.Apps.SelectMany(Fixed).Select(port => port.Port).ToHashSet();
        return [.. template.Apps.Select(app => new AppPorts(
            app.DaprHttpPort > 0 ? app.DaprHttpPort : Next(taken),
            app.DaprGrpcPort > 0 ? app.DaprGrpcPort : Next(taken),
            app.DaprInternalGrpcPort > 0 ? app.DaprInternalGrpcPort : isolated ? Next(taken) : 0,
            app.MetricsPort > 0 ? app.MetricsPort : 0))];
    }

    // An app without a command is somebody else's: that its port is in use is how it should be.
    private static IEnumerable<(string Field, string Flag, int Port)> Fixed(RunApp app) =>
        new[]
        {
            (Field: "appPort", Flag: "--app-port", Port: app.Command.Count > 0 ? app.AppPort : 0),
            (Field: "daprHTTPPort", Flag: "--dapr-http-port", Port: app.DaprHttpPort),
            (Field: "daprGRPCPort", Flag: "--dapr-grpc-port", Port: app.DaprGrpcPort),
            (Field: "daprInternalGRPCPort", Flag: "--dapr-internal-grpc-port", Port: app.DaprInternalGrpcPort),
            (Field: "metricsPort", Flag: "--metrics-port", Port: app.MetricsPort),
        }.Where(port => port.Port > 0);

    private static int Next(HashSet<int> taken)
    {
        for (var port = Random.Shared.Next(LowestChosen, HighestChosen); ; port = port < HighestChosen ? port + 1 : LowestChosen)
        {
            if (taken.Add(port) && PortOwner.IsFree(port) && IsOurs(ClaimsFolder, port))
                return port;
        }
    }

    /// <summary>Keeps runs that choose at the same moment from choosing the same port; null if another run has it.</summary>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    internal static FileStream? TryClaim(string folder, int port) =>
        FileLock.TryOpen(folder, port.ToString(CultureInfo.InvariantCulture), FileOptions.DeleteOnClose);

    /// <summary>True also where claims cannot be written: then the port is free as far as anybody can know.</summary>
    internal static bool IsOurs(string folder, int port)
    {
        try
        {
            if (TryClaim(folder, port) is not { } claim)
                return false;
            lock (Claims)
                Claims.Add(claim);
        }
        catch (Exception unwritable) when (unwritable is IOException or UnauthorizedAccessException)
        {
            // A read-only file system, perhaps.
        }

        return true;
    }
}
