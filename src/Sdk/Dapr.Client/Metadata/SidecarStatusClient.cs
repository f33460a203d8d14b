using System.Text;

namespace Dapr.Client;

/// <summary>Health, metadata and shutdown of the sidecar itself.</summary>
internal sealed class SidecarStatusClient(SidecarConnection sidecar, TimeProvider clock)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);

    public Task<bool> IsHealthyAsync(CancellationToken cancellationToken) => IsSuccessAsync("/v1.0/healthz", cancellationToken);

    public Task<bool> IsOutboundHealthyAsync(CancellationToken cancellationToken) => IsSuccessAsync("/v1.0/healthz/outbound", cancellationToken);

    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var pause = new PeriodicTimer(Poll, clock);
        while (!await IsOutboundHealthyAsync(cancellationToken).ConfigureAwait(false))
            await pause.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false);
    }

    public async Task ShutdownAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, sidecar.Address("/v1.0/shutdown").ToUri());
        using var response = await sidecar.SendAsync(request, "Shutting the sidecar down", cancellationToken).ConfigureAwait(false);
    }

    public async Task<DaprMetadata> GetMetadataAsync(CancellationToken cancellationToken)
    {
        const string Operation = "Reading the sidecar's metadata";
        using var request = new HttpRequestMessage(HttpMethod.Get, sidecar.Address("/v1.0/metadata").ToUri());
        using var response = await sidecar.SendAsync(request, Operation, cancellationToken).ConfigureAwait(false);
        var wire = await sidecar.ReadWireAsync<Wire>(response, Operation, cancellationToken).ConfigureAwait(false);
        return new DaprMetadata(
            wire?.Id ?? "",
            [.. (wire?.Actors ?? []).Select(actor => new DaprActorMetadata(actor.Type ?? "", actor.Count))],
            wire?.Extended ?? [],
            [.. (wire?.Components ?? []).Select(component => new DaprComponentsMetadata(
                component.Name ?? "", component.Type ?? "", component.Version ?? "", component.Capabilities ?? []))]);
    }

    public async Task SetMetadataAsync(string name, string value, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        using var request = new HttpRequestMessage(HttpMethod.Put, sidecar.Address("/v1.0/metadata").Segment(name).ToUri());
        request.Content = new StringContent(value, Encoding.UTF8, "text/plain");
        using var response = await sidecar.SendAsync(request, $"Setting the sidecar's metadata '{name}'", cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsSuccessAsync(string route, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, sidecar.Address(route).ToUri());
            using var response = await sidecar.SendAnyAsync(request, "The health check", cancellationToken).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (DaprException)
        {
            // A sidecar that cannot be reached is not healthy: an answer to this question and not an error.
            return false;
        }
    }

    private sealed record Wire(string? Id, List<WireActor>? Actors, Dictionary<string, string>? Extended, List<WireComponent>? Components);

    private sealed record WireActor(string? Type, int Count);

    private sealed record WireComponent(string? Name, string? Type, string? Version, string[]? Capabilities);
}
