using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Running;

/// <summary>What the processes of a run find in their environment (contract section 1.3).</summary>
internal static class ProcessEnvironments
{
    /// <summary>Ours, then what the contract sets, then what the template says.</summary>
    public static IReadOnlyDictionary<string, string> ForApp(AppPlan plan, IReadOnlyDictionary<string, string> own)
    {
        var (app, ports) = (plan.App, plan.Ports);
        var variables = new Dictionary<string, string>(ForSidecar(own), StringComparer.Ordinal)
        {
            ["APP_ID"] = app.AppId,
            ["APP_CHANNEL_ADDRESS"] = app.AppChannelAddress,
            ["APP_PROTOCOL"] = app.AppProtocol,
        };
        SetPort("APP_PORT", app.AppPort);
        SetPort("DAPR_HTTP_PORT", ports.Http);
        SetPort("DAPR_GRPC_PORT", ports.Grpc);
        SetPort("DAPR_METRICS_PORT", ports.Metrics);
        foreach (var (name, value) in app.Env)
            variables[name] = value;
        return variables;

        // A port that is not there must not be found from an outer run either.
        void SetPort(string name, int port)
        {
            if (port > 0)
                variables[name] = $"{port}";
            else
                variables.Remove(name);
        }
    }

    public static IReadOnlyDictionary<string, string> ForSidecar(IReadOnlyDictionary<string, string> own) =>
        own.Where(variable => !SocketScheduling.Variables.Contains(variable.Key)).ToDictionary(StringComparer.Ordinal);
}
