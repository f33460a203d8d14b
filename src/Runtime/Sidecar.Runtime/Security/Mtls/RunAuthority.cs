using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Runtime.Hosting;

namespace Sidecar.Runtime.Security.Mtls;

/// <summary>
/// The certificate authority of one run, in the place of Dapr's sentry: made at its start, its key never leaves this process, and
/// nobody trusts it but the sidecars of the run.
/// </summary>
public sealed class RunAuthority : IDisposable
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>A run ends before.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    /// <summary>Dapr's <c>allowedClockSkew</c>.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(15);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    public RunAuthority()
    {
        var request = new CertificateRequest("O=dapr.io/run", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var identifier = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(identifier);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(identifier));
        var now = TimeProvider.System.GetUtcNow();
        _certificate = request.CreateSelfSigned(now - Skew, now + Lifetime);
    }

    /// <summary>
    /// Writes the identity of a sidecar where its process finds it: <c>ca.crt</c>, <c>tls.crt</c>, <c>tls.key</c>, for this user alone.
    /// Its trust domain is that of the Configuration's <c>accessControl</c>.
    /// </summary>
    /// <exception cref="SidecarStartException">Its Configuration cannot be read.</exception>
    public void Write(string folder, SidecarOptions options)
    {
        var trustDomain = SidecarResources.Load(options).Configuration.AccessControl.TrustDomain;
        var (certificate, key) = Issue(new PeerIdentity(trustDomain, options.OwnNamespace, options.AppId));
        WorkloadIdentity.Write(folder, certificate, key, _certificate.ExportCertificatePem());
    }

    public void Dispose()
    {
        _key.Dispose();
        _certificate.Dispose();
    }

    internal WorkloadIdentity Identify(PeerIdentity identity)
    {
        var (certificate, key) = Issue(identity);
        return WorkloadIdentity.FromPem(certificate, key, _certificate.ExportCertificatePem());
    }

    private (string Certificate, string Key) Issue(PeerIdentity identity)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("O=dapr.io/sidecar", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(SpiffeName.ToExtension(identity));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        using var signed = request.Create(_certificate, _certificate.NotBefore, _certificate.NotAfter, RandomNumberGenerator.GetBytes(16));
        return (signed.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }
}
