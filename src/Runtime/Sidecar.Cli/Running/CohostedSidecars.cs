using Sidecar.Runtime.Hosting;

namespace Sidecar.Cli.Running;

/// <summary>All sidecars of the run in this process.</summary>
/// <param name="namesFile">Where sidecars of other processes are found; null = nowhere.</param>
/// <param name="mtls">They have certificates, by which access control knows them.</param>
/// <param name="faults">What is to go wrong on purpose; null = nothing.</param>
internal sealed class CohostedSidecars(string? namesFile, bool mtls, string? faults) : ISidecarHost
{
    private readonly SidecarGroup _group = new();

    public async Task<ISidecar> StartAsync(AppPlan plan, CancellationToken cancellationToken) =>
        new CohostedSidecar(await _group.StartAsync(SidecarSettings.ToOptions(plan) with { NameRegistryFile = namesFile, EnableMtls = mtls, FaultsFile = faults }, cancellationToken));

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    private sealed class CohostedSidecar(SidecarInstance instance) : ISidecar
    {
        public Task Healthy => instance.Healthy;

        public Task<int> Stopped => instance.Stopped;

        public Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
        {
            instance.SetExtendedMetadata(name, value);
            return Task.CompletedTask;
        }

        public Task StopAsync() => instance.StopAsync();
    }
}
