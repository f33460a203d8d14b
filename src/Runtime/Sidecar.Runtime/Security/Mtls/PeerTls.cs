using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Sidecar.Runtime.Security.Mtls;

/// <summary>TLS between sidecars: both show a certificate of the run's authority, and the caller insists on the app that it calls.</summary>
internal static class PeerTls
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    public static HttpsConnectionAdapterOptions Server(WorkloadIdentity identity) => new()
    {
        ServerCertificate = identity.Certificate,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        CheckCertificateRevocation = false,
        SslProtocols = Protocols,
        ClientCertificateValidation = (certificate, _, _) => identity.Verify(certificate) is not null,
    };

    /// <param name="appId">Whom the peer must be.</param>
    public static SslClientAuthenticationOptions Client(WorkloadIdentity identity, string appId) => new()
    {
        EnabledSslProtocols = Protocols,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        ClientCertificateContext = SslStreamCertificateContext.Create(identity.Certificate, additionalCertificates: null, offline: true),
        RemoteCertificateValidationCallback = (_, certificate, _, _) => identity.Verify(certificate as X509Certificate2)?.AppId == appId,
    };
}
