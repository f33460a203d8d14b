using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Components.Http;

/// <summary>TLS of a client whose roots and certificate come as PEM texts.</summary>
public static class ClientTls
{
    /// <param name="rootCa">PEM of the roots to trust; empty = the machine's.</param>
    /// <param name="certificate">PEM of the certificate to show; empty = none.</param>
    /// <param name="privateKey">PEM of the certificate's key.</param>
    /// <param name="allowRenegotiation">The server may ask for another handshake on the same connection.</param>
    /// <exception cref="CryptographicException">A text is no PEM of its kind, or key and certificate do not belong together.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    public static SslClientAuthenticationOptions Create(string rootCa, string certificate, string privateKey, bool allowRenegotiation)
    {
        var tls = new SslClientAuthenticationOptions { AllowRenegotiation = allowRenegotiation };
        if (rootCa.Length > 0)
            tls.CertificateChainPolicy = Trust(rootCa);
        if (certificate.Length > 0)
            tls.ClientCertificates = [ClientCertificate(certificate, privateKey)];
        return tls;
    }

    private static X509ChainPolicy Trust(string rootCa)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(rootCa);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException("the root CA holds no certificate");
    }

    private static X509Certificate2 ClientCertificate(string certificate, string privateKey)
    {
        var read = X509Certificate2.CreateFromPem(certificate, privateKey);
        if (!OperatingSystem.IsWindows())
            return read;

        // Windows presents only keys that lie in a container.
        using (read)
            return X509CertificateLoader.LoadPkcs12(read.Export(X509ContentType.Pkcs12), null);
    }
}
