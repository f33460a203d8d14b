using System.Security.Cryptography;
using Sidecar.Runtime.Hosting;
using Sidecar.Runtime.Security.Mtls;

namespace Sidecar.Runtime.Security;

/// <summary>What this sidecar is to others.</summary>
/// <param name="Tls">null = mTLS is off, and nobody has an identity.</param>
internal sealed record SidecarIdentity(WorkloadIdentity? Tls)
{
    public static SidecarIdentity None { get; } = new((WorkloadIdentity?)null);

    /// <param name="trustDomain">Of an identity that is issued here.</param>
    /// <param name="authority">Of the sidecars of this process.</param>
    /// <exception cref="SidecarStartException">There is to be mTLS, and no certificate for it.</exception>
    public static SidecarIdentity Of(SidecarOptions options, string trustDomain, Func<RunAuthority> authority)
    {
        if (!options.EnableMtls)
            return None;
        if (options.IdentityFolder is not { } folder)
            return new(authority().Identify(new PeerIdentity(trustDomain, options.OwnNamespace, options.AppId)));
        try
        {
            return new(WorkloadIdentity.Read(Path.GetFullPath(folder, options.BaseDirectory)));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new SidecarStartException($"sidecar of {options.AppId}: there is no certificate for mTLS in {folder}: {failure.Message}", failure);
        }
    }
}
