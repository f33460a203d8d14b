using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Sidecar.Runtime.AppChannel;

namespace Sidecar.Runtime.Invocation.External;

/// <summary>Connections to services outside, with the certificates of an HTTPEndpoint's <c>clientTLS</c>.</summary>
internal static class EndpointTransport
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <param name="rootCa">PEM of the roots to trust; empty = the machine's.</param>
    /// <param name="certificate">PEM of the certificate to show; empty = none.</param>
    /// <exception cref="CryptographicException">A text is no PEM of its kind, or key and certificate do not belong together.</exception>
    /// <exception cref="ArgumentException">As above.</exception>
    public static HttpMessageInvoker Create(string rootCa = "", string certificate = "", string privateKey = "", bool allowRenegotiation = false)
    {
        var tls = new SslClientAuthenticationOptions { AllowRenegotiation = allowRenegotiation };
        if (rootCa.Length > 0)
            tls.CertificateChainPolicy = Trust(rootCa);
        if (certificate.Length > 0)
            tls.ClientCertificates = [ClientCertificate(certificate, privateKey)];
        var handler = PlainTransport.Create(ConnectTimeout);
        handler.SslOptions = tls;
        return new HttpMessageInvoker(handler);
    }

    private static X509ChainPolicy Trust(string rootCa)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPem(rootCa);
        return policy.CustomTrustStore.Count > 0 ? policy : throw new CryptographicException("rootCA holds no certificate");
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
