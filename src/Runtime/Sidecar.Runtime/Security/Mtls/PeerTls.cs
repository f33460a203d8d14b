using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Sidecar.Runtime.Security.Mtls;

/// <summary>TLS between sidecars: both show a certificate of the run's authority, and the caller insists on the app that it calls.</summary>
internal static class PeerTls
{
    private const SslProtocols Protocols = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <param name="refused">Told of a caller whose certificate is not of this run, with its subject and issuer.</param>
    public static HttpsConnectionAdapterOptions Server(WorkloadIdentity identity, Action<string> refused) => new()
    {
        ServerCertificate = identity.Certificate,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        CheckCertificateRevocation = false,
        SslProtocols = Protocols,
        ClientCertificateValidation = (certificate, _, _) =>
        {
            if (identity.Verify(certificate) is not null)
                return true;
            refused($"{SpiffeName.Of(certificate)?.ToString() ?? certificate.Subject}, issued by {certificate.Issuer} ({certificate.Thumbprint})");
            return false;
        },
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
