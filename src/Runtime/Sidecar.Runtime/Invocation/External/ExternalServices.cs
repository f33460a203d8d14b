using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Metadata;
using Sidecar.Runtime.NameResolution;
using Sidecar.Runtime.Resources;

namespace Sidecar.Runtime.Invocation.External;

/// <summary>Targets of an invocation that are no apps of Dapr: HTTPEndpoint resources by name, and any URL.</summary>
internal sealed class ExternalServices(SidecarOptions options, LiveResources resources, ISecretReader secrets, ILogger<ExternalServices> logger)
    : ISidecarFeature, IMetadataContributor, IDisposable
{
    private readonly HttpMessageInvoker _anyUrl = EndpointTransport.Create();
    private volatile Endpoints _endpoints = Endpoints.None;

    public Task OnComponentsLoadedAsync(CancellationToken cancellationToken) => ReadAsync(resources.Current, cancellationToken);

    public Task OnResourcesChangedAsync(ResourceSet before, ResourceSet now, CancellationToken cancellationToken) => ReadAsync(now, cancellationToken);

    /// <summary>An endpoint's name comes before an app's; null when the target is neither a name nor a URL of this kind.</summary>
    public IPeer? Find(string target) =>
        _endpoints.ByName.GetValueOrDefault(target) ?? (ToUrl(target) is { } url ? new ExternalPeer(url, [], _anyUrl) : null);

    /// <summary>The URL of a target that is one, as files write it; null = it is none of this kind.</summary>
    public static string? UrlOf(string target)
    {
        if (!target.StartsWith("http", StringComparison.OrdinalIgnoreCase))
            return null;
        var colon = target.IndexOf(":/", StringComparison.Ordinal);
        if (colon < 0 || !(target.AsSpan(0, colon).Equals("http", StringComparison.OrdinalIgnoreCase) || target.AsSpan(0, colon).Equals("https", StringComparison.OrdinalIgnoreCase)))
            return null;

        // The path that held it was tidied of its doubled slash, unless that was escaped.
        return $"{target[..colon].ToLowerInvariant()}://{target.AsSpan(colon + 1).TrimStart('/')}";
    }

    public void Contribute(JsonObject metadata)
    {
        if (resources.Current.HttpEndpoints is { Count: > 0 } endpoints)
            metadata["httpEndpoints"] = new JsonArray([.. endpoints.Select(endpoint => new JsonObject { ["name"] = endpoint.Name })]);
    }

    public void Dispose()
    {
        _endpoints.Dispose();
        _anyUrl.Dispose();
    }

    private static Uri? ToUrl(string target) => Uri.TryCreate(UrlOf(target), UriKind.Absolute, out var url) && url.Host.Length > 0 ? url : null;

    private async Task ReadAsync(ResourceSet now, CancellationToken cancellationToken)
    {
        var next = new Endpoints();
        foreach (var endpoint in now.HttpEndpoints)
            next.Add(endpoint.Name, await ToPeerAsync(endpoint, next, cancellationToken).ConfigureAwait(false));

        // Calls under way on the old ones keep their connections until they end.
        var old = _endpoints;
        _endpoints = next.Frozen();
        old.Dispose();
    }

    private async ValueTask<IPeer> ToPeerAsync(HttpEndpointResource endpoint, Endpoints owner, CancellationToken cancellationToken)
    {
        var tls = endpoint.ClientTls;
        ComponentMetadataItem?[] pems = [tls?.RootCa, tls?.Certificate, tls?.PrivateKey];
        var source = new ValueSource(
            endpoint.Origin.File, $"HTTPEndpoint '{endpoint.Name}',", "spec.headers", _ => endpoint.Origin.Line, [.. endpoint.Headers, .. pems.OfType<ComponentMetadataItem>()], endpoint.SecretStore);
        var (values, problems) = await new ComponentMetadataResolver(options.AppId, options.Environment, secrets).ResolveAsync(source, cancellationToken).ConfigureAwait(false);
        foreach (var problem in problems)
            logger.EndpointProblem(problem.ToString());
        var pem = values.Skip(endpoint.Headers.Count).ToDictionary(StringComparer.Ordinal);
        try
        {
            var client = EndpointTransport.Create(
                pem.GetValueOrDefault("rootCA", ""), pem.GetValueOrDefault("certificate", ""), pem.GetValueOrDefault("privateKey", ""), tls?.AllowRenegotiation ?? false);
            owner.Own(client);
            return new ExternalPeer(endpoint.BaseUrl, [.. values.Take(endpoint.Headers.Count)], client);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            logger.EndpointBroken(endpoint.Name, endpoint.Origin.ToString(), failure.Message);
            return new BrokenPeer($"HTTPEndpoint {endpoint.Name}: clientTLS: {failure.Message}");
        }
    }

    /// <summary>The endpoints of one reading, with their connections.</summary>
    private sealed class Endpoints : IDisposable
    {
        public static readonly Endpoints None = new();

        private readonly Dictionary<string, IPeer> _peers = new(StringComparer.Ordinal);
        private readonly List<HttpMessageInvoker> _clients = [];

        public FrozenDictionary<string, IPeer> ByName { get; private set; } = FrozenDictionary<string, IPeer>.Empty;

        public void Own(HttpMessageInvoker client) => _clients.Add(client);

        public void Add(string name, IPeer peer) => _peers[name] = peer;

        public Endpoints Frozen()
        {
            ByName = _peers.ToFrozenDictionary(StringComparer.Ordinal);
            return this;
        }

        public void Dispose() => _clients.ForEach(client => client.Dispose());
    }
}
