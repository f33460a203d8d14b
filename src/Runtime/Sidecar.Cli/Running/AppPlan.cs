using Sidecar.Cli.Logs;
using Sidecar.Runtime.Resources;

namespace Sidecar.Cli.Running;

/// <summary>One app of a run with everything decided before anything is started.</summary>
internal sealed record AppPlan(RunTemplate Template, RunApp App, AppPorts Ports, LogSink AppLog, LogSink SidecarLog)
{
    public string AppId => App.AppId;

    public bool HasCommand => App.Command.Count > 0;

    public string CommandLine => string.Join(' ', App.Command);

    /// <summary>What the launcher adds to the sidecar's metadata, except <c>appPID</c>, which is known only later.</summary>
    public Dictionary<string, string> ExtendedMetadata()
    {
        var metadata = new Dictionary<string, string>
        {
            ["cliPID"] = $"{Environment.ProcessId}",
            ["appCommand"] = CommandLine,
        };
        if (!Template.IsSingleApp)
            (metadata["runTemplatePath"], metadata["runTemplateName"]) = (App.TemplateFile, App.TemplateName);
        if (AppLog.File is { } appLog)
            metadata["appLogPath"] = appLog;
        if (SidecarLog.File is { } sidecarLog)
            metadata["daprdLogPath"] = sidecarLog;
        return metadata;
    }
}

/// <param name="Internal">0 = the sidecar chooses.</param>
/// <param name="Metrics">0 = none asked for.</param>
internal sealed record AppPorts(int Http, int Grpc, int Internal, int Metrics);
