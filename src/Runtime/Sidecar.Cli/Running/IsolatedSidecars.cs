using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;

namespace Sidecar.Cli.Running;

/// <summary>One <c>daprd</c> process per app, as with the official command line; they find each other through a file of the run.</summary>
internal sealed class IsolatedSidecars(RunLog log, RunJournal journal, string namesFile, IReadOnlyDictionary<string, string> environment, TimeProvider time)
    : ISidecarHost
{
    private readonly Lock _lock = new();
    private readonly List<HttpClient> _clients = [];
    private readonly List<IsolatedSidecar> _sidecars = [];

    public async Task<ISidecar> StartAsync(AppPlan plan, CancellationToken cancellationToken)
    {
        var spec = new ChildSpec(
            [.. DaprdProgram.Find(), .. SidecarSettings.ToFlags(plan, namesFile)],
            plan.App.SidecarDirectory,
            ProcessEnvironments.ForSidecar(environment));
        var http = new HttpClient(DaprdApi.Handler(plan.App)) { Timeout = TimeSpan.FromSeconds(5) };
        var sidecar = new IsolatedSidecar(plan, spec, new DaprdApi(http, plan, time), log, journal, time);
        lock (_lock)
        {
            _clients.Add(http);
            _sidecars.Add(sidecar);
        }

        await sidecar.StartAsync(cancellationToken);
        return sidecar;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_sidecars.Select(sidecar => sidecar.DisposeAsync().AsTask()));
        _clients.ForEach(http => http.Dispose());
    }
}
