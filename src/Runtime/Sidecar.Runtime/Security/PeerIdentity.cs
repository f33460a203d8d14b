namespace Sidecar.Runtime.Security;

/// <summary>Who a sidecar is to another, as its certificate says (contract section 4.3): <c>spiffe://TRUST-DOMAIN/ns/NAMESPACE/APP-ID</c>.</summary>
internal sealed record PeerIdentity(string TrustDomain, string Namespace, string AppId)
{
    private const string Scheme = "spiffe://";

    public override string ToString() => $"{Scheme}{Uri.EscapeDataString(TrustDomain)}/ns/{Uri.EscapeDataString(Namespace)}/{Uri.EscapeDataString(AppId)}";

    /// <summary>null for what is no such identity.</summary>
    public static PeerIdentity? Parse(string uri) =>
        uri.StartsWith(Scheme, StringComparison.Ordinal) && uri[Scheme.Length..].Split('/') is [{ Length: > 0 } domain, "ns", { Length: > 0 } space, { Length: > 0 } appId]
            ? new PeerIdentity(Uri.UnescapeDataString(domain), Uri.UnescapeDataString(space), Uri.UnescapeDataString(appId))
            : null;
}
