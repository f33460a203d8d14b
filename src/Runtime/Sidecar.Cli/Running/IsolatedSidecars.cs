using Sidecar.Cli.Logs;
using Sidecar.Cli.Processes;
using Sidecar.Runtime.Security.Mtls;

namespace Sidecar.Cli.Running;

/// <summary>One <c>daprd</c> process per app, as with the official command line; they find each other through a file of the run.</summary>
/// <param name="identities">Where each finds its certificate; null = without mTLS.</param>
/// <param name="faults">What is to go wrong on purpose; null = nothing.</param>
internal sealed class IsolatedSidecars(
    RunLog log, RunJournal journal, string namesFile, string? identities, string? faults, IReadOnlyDictionary<string, string> environment, TimeProvider time) : ISidecarHost
{
    private readonly RunAuthority? _authority = identities is null ? null : new RunAuthority();
    private readonly Lock _lock = new();
    private readonly List<HttpClient> _clients = [];
    private readonly List<IsolatedSidecar> _sidecars = [];

    public async Task<ISidecar> StartAsync(AppPlan plan, CancellationToken cancellationToken)
    {
        var spec = new ChildSpec(
            [.. DaprdProgram.Find(), .. SidecarSettings.ToFlags(plan, namesFile), .. IdentityFlags(plan), .. faults is null ? [] : (string[])["--faults", faults]],
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
        _authority?.Dispose();
        if (identities is not null && Directory.Exists(identities))
            Directory.Delete(identities, recursive: true);
    }

    private string[] IdentityFlags(AppPlan plan)
    {
        if (_authority is null)
            return [];
        var folder = Path.Combine(identities!, Uri.EscapeDataString(plan.AppId));
        _authority.Write(folder, SidecarSettings.ToOptions(plan));
        return ["--enable-mtls", "--identity-folder", folder];
    }
}
