using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Sidecar.Runtime.Security.Mtls;

/// <summary>The URI among a certificate's alternative names that says who its owner is (X509-SVID; RFC 5280, section 4.2.1.6).</summary>
internal static class SpiffeName
{
    private const string AlternativeNames = "2.5.29.17";
    private static readonly Asn1Tag Uri = new(TagClass.ContextSpecific, 6);

    public static X509Extension ToExtension(PeerIdentity identity)
    {
        var names = new AsnWriter(AsnEncodingRules.DER);
        using (names.PushSequence())
            names.WriteCharacterString(UniversalTagNumber.IA5String, identity.ToString(), Uri);
        return new X509Extension(AlternativeNames, names.Encode(), critical: true);
    }

    /// <summary>null: there is none, or more than one.</summary>
    public static PeerIdentity? Of(X509Certificate2 certificate)
    {
        try
        {
            string? found = null;
            foreach (var extension in certificate.Extensions.Where(extension => extension.Oid?.Value == AlternativeNames))
            {
                var names = new AsnReader(extension.RawData, AsnEncodingRules.DER).ReadSequence();
                while (names.HasData)
                {
                    if (names.PeekTag() != Uri)
                    {
                        names.ReadEncodedValue();
                        continue;
                    }

                    var uri = names.ReadCharacterString(UniversalTagNumber.IA5String, Uri);
                    if (found is not null)
                        return null;
                    found = uri;
                }
            }

            return found is null ? null : PeerIdentity.Parse(found);
        }
        catch (Exception malformed) when (malformed is AsnContentException or CryptographicException or DecoderFallbackException)
        {
            return null;
        }
    }
}
