namespace Sidecar.Runtime.Resources;

/// <summary><c>kind: HTTPEndpoint</c> (contract section 4.6): a service outside of Dapr under a name of its own.</summary>
/// <param name="BaseUrl">http or https, absolute.</param>
public sealed record HttpEndpointResource(ResourceOrigin Origin, string Name, Uri BaseUrl) : Resource(Origin, Name)
{
    /// <summary>Set on every request, over what the caller sent.</summary>
    public IReadOnlyList<ComponentMetadataItem> Headers { get; init; } = [];

    public HttpEndpointTls? ClientTls { get; init; }

    /// <summary><c>auth.secretStore</c>.</summary>
    public string? SecretStore { get; init; }
}

/// <summary><c>clientTLS</c>: PEM texts. A certificate comes with its private key.</summary>
/// <param name="RootCa">In place of the machine's own roots.</param>
public sealed record HttpEndpointTls(ComponentMetadataItem? RootCa, ComponentMetadataItem? Certificate, ComponentMetadataItem? PrivateKey, bool AllowRenegotiation);
