using System.Text.Json;

namespace Sidecar.Components.Kafka;

/// <summary>The fields of <c>authType: oidc</c>: client credentials that a token endpoint changes for a token.</summary>
/// <param name="Extensions">Sent with the token, as names and values.</param>
internal sealed record OidcOptions(Uri TokenEndpoint, string ClientId, string ClientSecret, string Scopes, IReadOnlyDictionary<string, string> Extensions)
{
    /// <exception cref="ComponentException">A field is missing or wrong.</exception>
    public static OidcOptions Read(ComponentMetadata metadata)
    {
        var endpoint = metadata.Required("oidcTokenEndpoint");
        if (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            throw new ComponentException("metadata field 'oidcTokenEndpoint' is no address of http or https");
        return new OidcOptions(
            uri,
            metadata.Required("oidcClientID"),
            metadata.Required("oidcClientSecret"),
            string.Join(' ', metadata.Text("oidcScopes", "openid").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)),
            ReadExtensions(metadata));
    }

    private static Dictionary<string, string> ReadExtensions(ComponentMetadata metadata)
    {
        if (metadata.Find("oidcExtensions") is not { } text)
            return [];
        try
        {
            using var parsed = JsonDocument.Parse(text);
            return parsed.RootElement.EnumerateObject().ToDictionary(
                static entry => entry.Name,
                static entry => entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : entry.Value.GetRawText());
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new ComponentException("metadata field 'oidcExtensions' is no JSON object", failure);
        }
    }
}
