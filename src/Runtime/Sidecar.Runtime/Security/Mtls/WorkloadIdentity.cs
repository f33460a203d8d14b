using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Sidecar.Runtime.Security.Mtls;

/// <summary>
/// What one sidecar shows to others and how it knows them: a certificate with its key, and the authority of the run, which alone it
/// trusts. Nobody else's certificate counts, whatever the machine trusts.
/// </summary>
internal sealed class WorkloadIdentity : IDisposable
{
    private const string AuthorityFile = "ca.crt";
    private const string CertificateFile = "tls.crt";
    private const string KeyFile = "tls.key";

    private readonly ConditionalWeakTable<X509Certificate2, PeerIdentity> _known = [];

    private WorkloadIdentity(PeerIdentity self, X509Certificate2 certificate, X509Certificate2 authority) => (Self, Certificate, Authority) = (self, certificate, authority);

    public PeerIdentity Self { get; }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Certificate { get; }

    public X509Certificate2 Authority { get; }

    /// <param name="certificate">PEM.</param>
    /// <param name="key">PEM of its private key.</param>
    /// <param name="authority">PEM of the authority that has issued it.</param>
    /// <exception cref="CryptographicException">They are no such texts, or do not belong together.</exception>
    public static WorkloadIdentity FromPem(string certificate, string key, string authority)
    {
        using var ephemeral = X509Certificate2.CreateFromPem(certificate, key);
        // TLS on Windows takes no key that exists in memory alone.
        var own = OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null) : X509Certificate2.CreateFromPem(certificate, key);
        var trusted = X509Certificate2.CreateFromPem(authority);
        return SpiffeName.Of(own) is { } self && Chains(own, trusted)
            ? new WorkloadIdentity(self, own, trusted)
            : throw new CryptographicException("the certificate names no spiffe:// identity, or another authority has issued it");
    }

    /// <summary>Reads what <see cref="RunAuthority.Write"/> has written.</summary>
    /// <exception cref="IOException">A file is not there.</exception>
    /// <exception cref="CryptographicException">A file does not hold what it should.</exception>
    public static WorkloadIdentity Read(string folder) => FromPem(
        File.ReadAllText(Path.Combine(folder, CertificateFile)), File.ReadAllText(Path.Combine(folder, KeyFile)), File.ReadAllText(Path.Combine(folder, AuthorityFile)));

    /// <summary>Files that only this user can read, whatever the umask.</summary>
    public static void Write(string folder, string certificate, string key, string authority)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        WriteSecret(Path.Combine(folder, AuthorityFile), authority);
        WriteSecret(Path.Combine(folder, CertificateFile), certificate);
        WriteSecret(Path.Combine(folder, KeyFile), key);
    }

    /// <summary>Who the certificate's owner is; null = nobody of this run.</summary>
    public PeerIdentity? Verify(X509Certificate2? certificate)
    {
        if (certificate is null)
            return null;
        if (_known.TryGetValue(certificate, out var known))
            return known;
        if (!Chains(certificate, Authority) || SpiffeName.Of(certificate) is not { } identity)
            return null;
        _known.TryAdd(certificate, identity);
        return identity;
    }

    public void Dispose()
    {
        Certificate.Dispose();
        Authority.Dispose();
    }

    private static bool Chains(X509Certificate2 certificate, X509Certificate2 authority)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }

    private static void WriteSecret(string file, string text)
    {
        File.Delete(file);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var writer = new StreamWriter(file, options);
        writer.Write(text);
    }
}
