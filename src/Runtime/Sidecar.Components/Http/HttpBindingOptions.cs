using System.Net.Security;
using System.Security.Cryptography;

namespace Sidecar.Components.Http;

/// <summary>The metadata of a <c>bindings.http</c> component (contract section 6.11).</summary>
internal sealed record HttpBindingOptions
{
    private const long DefaultLongestAnswer = 100L << 20;

    /// <summary>Absolute; http or https.</summary>
    public required string Url { get; init; }

    /// <summary>null = no limit.</summary>
    public TimeSpan? ResponseTimeout { get; init; }

    /// <summary>Bytes; null = no limit.</summary>
    public long? LongestAnswer { get; init; }

    public bool ErrorIfNot2XX { get; init; }

    public KeyValuePair<string, string>? SecurityHeader { get; init; }

    public required SslClientAuthenticationOptions Tls { get; init; }

    /// <exception cref="ComponentException">A field is missing or wrong.</exception>
    public static HttpBindingOptions Read(ComponentContext context)
    {
        var metadata = context.Metadata;
        var url = metadata.Required("url");
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || (parsed.Scheme != Uri.UriSchemeHttp && parsed.Scheme != Uri.UriSchemeHttps))
            throw new ComponentException($"metadata field 'url' is '{url}', expected an address such as https://example.com/hook");
        var timeout = metadata.Duration("responseTimeout", TimeSpan.Zero, TimeSpan.FromSeconds(1));
        var longest = metadata.Size("maxResponseBodySize", DefaultLongestAnswer);
        return new HttpBindingOptions
        {
            Url = url,
            ResponseTimeout = timeout > TimeSpan.Zero ? timeout : null,
            LongestAnswer = longest > 0 ? longest : null,
            ErrorIfNot2XX = metadata.Flag("errorIfNot2XX", defaultValue: true),
            SecurityHeader = ReadSecurityHeader(metadata),
            Tls = ReadTls(context),
        };
    }

    private static KeyValuePair<string, string>? ReadSecurityHeader(ComponentMetadata metadata)
    {
        if (metadata.Find("securityToken") is not { } token || metadata.Find("securityTokenHeader") is not { } header)
            return null;
        if (!GoHeaders.IsName(header))
            throw new ComponentException($"metadata field 'securityTokenHeader' is '{header}', which is no name of a header");
        return GoHeaders.IsValue(token)
            ? KeyValuePair.Create(header, token)
            : throw new ComponentException("metadata field 'securityToken' holds a line break or another control character");
    }

    private static SslClientAuthenticationOptions ReadTls(ComponentContext context)
    {
        var (root, certificate, key) = (Pem(context, "MTLSRootCA"), Pem(context, "MTLSClientCert"), Pem(context, "MTLSClientKey"));
        if (certificate.Length > 0 != key.Length > 0)
            throw new ComponentException("metadata fields 'MTLSClientCert' and 'MTLSClientKey' need each other");
        var allowsRenegotiation = context.Metadata.Find("MTLSRenegotiation") switch
        {
            null or "RenegotiateNever" => false,
            "RenegotiateOnceAsClient" or "RenegotiateFreelyAsClient" => true,
            var other => throw new ComponentException(
                $"metadata field 'MTLSRenegotiation' is '{other}', expected RenegotiateNever, RenegotiateOnceAsClient or RenegotiateFreelyAsClient"),
        };
        try
        {
            return ClientTls.Create(root, certificate, key, allowsRenegotiation);
        }
        catch (Exception failure) when (failure is CryptographicException or ArgumentException)
        {
            throw new ComponentException($"metadata fields 'MTLSRootCA', 'MTLSClientCert', 'MTLSClientKey': {failure.Message}", failure);
        }
    }

    private static string Pem(ComponentContext context, string field)
    {
        if (context.Metadata.Find(field) is not { } value)
            return "";
        if (value.Contains("-----BEGIN", StringComparison.Ordinal))
            return value;
        try
        {
            return File.ReadAllText(context.ResolvePath(value));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ComponentException($"metadata field '{field}' is neither PEM nor a file that can be read ({failure.Message})", failure);
        }
    }
}
